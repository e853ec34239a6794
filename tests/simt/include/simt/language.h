// The words and vector types that CUDA adds to C++.
#pragma once

#include <cstddef>
#include <cstdint>

#define CAROUSEL_SIMT 1

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

#define SIMT_VECTOR(Type, name, alignment2, alignment4)                       \
  struct name##1 {                                                            \
    Type x;                                                                   \
  };                                                                          \
  struct alignas(alignment2) name##2 {                                        \
    Type x, y;                                                                \
  };                                                                          \
  struct name##3 {                                                            \
    Type x, y, z;                                                             \
  };                                                                          \
  struct alignas(alignment4) name##4 {                                        \
    Type x, y, z, w;                                                          \
  };                                                                          \
  inline name##1 make_##name##1(Type x) { return {x}; }                       \
  inline name##2 make_##name##2(Type x, Type y) { return {x, y}; }            \
  inline name##3 make_##name##3(Type x, Type y, Type z) { return {x, y, z}; } \
  inline name##4 make_##name##4(Type x, Type y, Type z, Type w) { return {x, y, z, w}; }

SIMT_VECTOR(signed char, char, 2, 4)
SIMT_VECTOR(unsigned char, uchar, 2, 4)
SIMT_VECTOR(short, short, 4, 8)
SIMT_VECTOR(unsigned short, ushort, 4, 8)
SIMT_VECTOR(int, int, 8, 16)
SIMT_VECTOR(unsigned int, uint, 8, 16)
SIMT_VECTOR(long long, longlong, 16, 16)
SIMT_VECTOR(unsigned long long, ulonglong, 16, 16)
SIMT_VECTOR(float, float, 8, 16)
SIMT_VECTOR(double, double, 16, 16)
#undef SIMT_VECTOR

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};
