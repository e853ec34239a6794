// The dynamic shared memory of a block, cut into pieces:
//
//     SharedMemory shared;
//     auto tile = shared.take<Real>(n);   // SharedPointer<Real>; on the device a plain Real*
//
// Every thread takes the same pieces in the same order. The launch asks for shared_bytes<Real>(n)
// per piece, added up.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

namespace carousel::cuda {

// The one place where kernels know of the executor in tests/simt: it checks what goes through a
// pointer to shared memory.
#ifdef CAROUSEL_SIMT
template <class T>
using SharedPointer = simt::SharedPointer<T>;

template <class T>
SharedPointer<T> shared_pointer(std::size_t byte, std::int64_t n) {
  return simt::shared_pointer<T>(byte, n);
}
template <class Vector, class T>
auto as_vectors(SharedPointer<T> p) {
  return p.template as<Vector>();
}
#else
template <class T>
using SharedPointer = T*;

template <class T>
__device__ SharedPointer<T> shared_pointer(std::size_t byte, std::int64_t) {
  extern __shared__ __align__(16) unsigned char dynamic_shared_memory[];
  return reinterpret_cast<T*>(dynamic_shared_memory + byte);
}
#endif

// The same memory as a vector type: float as float4. It must be aligned for it.
template <class Vector, class T>
__device__ Vector* as_vectors(T* p) {
  return reinterpret_cast<Vector*>(p);
}
template <class Vector, class T>
__device__ const Vector* as_vectors(const T* p) {
  return reinterpret_cast<const Vector*>(p);
}

// The bytes that a piece of n elements takes; every piece begins at a multiple of 16.
template <class T>
__host__ __device__ constexpr std::size_t shared_bytes(std::int64_t n) {
  return (static_cast<std::size_t>(n) * sizeof(T) + 15) / 16 * 16;
}

class SharedMemory {
 public:
  template <class T>
  __device__ SharedPointer<T> take(std::int64_t n) {
    const std::size_t byte = taken_;
    taken_ += shared_bytes<T>(n);
    return shared_pointer<T>(byte, n);
  }

 private:
  std::size_t taken_ = 0;
};

}  // namespace carousel::cuda
