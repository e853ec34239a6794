// Barriers, shuffles, votes and atomics: the functions that only a kernel calls.
#pragma once

#include <simt/executor.h>

#include <cstring>
#include <type_traits>

// The place of the caller.
#define SIMT_HERE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(SIMT_HERE) { simt::meet({simt::Meeting::block, file, line}); }
inline int __syncthreads_or(int vote, SIMT_HERE) {
  return simt::meet({simt::Meeting::block_or, file, line}, vote != 0);
}
inline int __syncthreads_and(int vote, SIMT_HERE) {
  return simt::meet({simt::Meeting::block_and, file, line}, vote != 0);
}
inline int __syncthreads_count(int vote, SIMT_HERE) {
  return simt::meet({simt::Meeting::block_count, file, line}, vote != 0);
}
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}

inline void __syncwarp(unsigned mask = 0xffffffffu, SIMT_HERE) {
  simt::meet_lanes({simt::Meeting::warp, file, line}, mask, 0, 0);
}
inline unsigned __ballot_sync(unsigned mask, int vote, SIMT_HERE) {
  return static_cast<unsigned>(
      simt::meet_lanes({simt::Meeting::ballot, file, line}, mask, vote != 0, 0));
}
inline int __any_sync(unsigned mask, int vote, SIMT_HERE) {
  return simt::meet_lanes({simt::Meeting::any, file, line}, mask, vote != 0, 0) != 0;
}
inline int __all_sync(unsigned mask, int vote, SIMT_HERE) {
  return simt::meet_lanes({simt::Meeting::all, file, line}, mask, vote != 0, 0) == mask;
}
inline unsigned __reduce_add_sync(unsigned mask, unsigned value, SIMT_HERE) {
  return static_cast<unsigned>(simt::meet_lanes({simt::Meeting::sum, file, line}, mask, value, 0));
}
inline int __reduce_add_sync(unsigned mask, int value, SIMT_HERE) {
  return static_cast<int>(__reduce_add_sync(mask, static_cast<unsigned>(value), file, line));
}

namespace simt {

inline unsigned lane() { return current->number % 32u; }

template <class T>
T shuffle(unsigned mask, T value, unsigned source, const char* file, int line) {
  static_assert(sizeof(T) <= 8);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = meet_lanes({Meeting::shuffle, file, line}, mask, bits, source);
  std::memcpy(static_cast<void*>(&value), &bits, sizeof(T));
  return value;
}

}  // namespace simt

// A shuffle stays within segments of `width` lanes; past the end of one, a lane keeps its value.
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, SIMT_HERE) {
  const unsigned w = static_cast<unsigned>(width), first = simt::lane() / w * w;
  return simt::shuffle(mask, value, first + static_cast<unsigned>(source) % w, file, line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_HERE) {
  const unsigned lane = simt::lane(), w = static_cast<unsigned>(width);
  return simt::shuffle(mask, value, lane % w < delta ? lane : lane - delta, file, line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_HERE) {
  const unsigned lane = simt::lane(), w = static_cast<unsigned>(width);
  return simt::shuffle(mask, value, lane % w + delta >= w ? lane : lane + delta, file, line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, SIMT_HERE) {
  const unsigned lane = simt::lane(), w = static_cast<unsigned>(width);
  const unsigned source = lane ^ static_cast<unsigned>(bits);
  return simt::shuffle(mask, value, source / w > lane / w ? lane : source, file, line);
}

// Atomics on global memory. Only integers: sums of floating point in any order differ from run
// to run, so that a kernel that calls one does not compile here.
#define SIMT_ATOMIC(name, result)                     \
  template <class T>                                  \
  T name(T* address, std::type_identity_t<T> value) { \
    static_assert(std::is_integral_v<T>);             \
    const T old = *address;                           \
    *address = static_cast<T>(result);                \
    return old;                                       \
  }
SIMT_ATOMIC(atomicAdd, old + value)
SIMT_ATOMIC(atomicSub, old - value)
SIMT_ATOMIC(atomicMax, old < value ? value : old)
SIMT_ATOMIC(atomicMin, old < value ? old : value)
SIMT_ATOMIC(atomicAnd, old& value)
SIMT_ATOMIC(atomicOr, old | value)
SIMT_ATOMIC(atomicXor, old ^ value)
SIMT_ATOMIC(atomicExch, value)
SIMT_ATOMIC(atomicInc, old >= value ? 0 : old + 1)
#undef SIMT_ATOMIC
template <class T>
T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  static_assert(std::is_integral_v<T>);
  const T old = *address;
  if (old == expected) *address = value;
  return old;
}
