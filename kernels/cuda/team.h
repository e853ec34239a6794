// Sums and maxima over the threads of a block, always in the same order.
//
// A team is the threads that differ in threadIdx.x only, such as those that share one row of a
// matrix; a column those that differ in threadIdx.y only. All threads of a block call together.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda/shared_memory.h"

namespace carousel::cuda {

constexpr unsigned all_lanes = 0xffffffffu;

template <class Real>
__device__ Real warp_sum(Real x) {
  for (int bit = 16; bit > 0; bit /= 2) x += __shfl_xor_sync(all_lanes, x, bit);
  return x;
}

template <class Real>
__device__ Real warp_max(Real x) {
  for (int bit = 16; bit > 0; bit /= 2) x = fmax(x, __shfl_xor_sync(all_lanes, x, bit));
  return x;
}

// One element of scratch per warp of the block, of which there are at most so many.
constexpr int most_warps = 32;

namespace detail {

// every(x) combines the lanes of a warp, both(x, y) what two warps have.
template <class Real, class Every, class Both>
__device__ Real over_team(Real x, SharedPointer<Real> scratch, const Every& every,
                          const Both& both) {
  x = every(x);
  const unsigned warps = blockDim.x / 32, first = threadIdx.y * warps;
  if (warps == 1) return x;
  __syncthreads();  // scratch may still be read
  if (threadIdx.x % 32 == 0) scratch[first + threadIdx.x / 32] = x;
  __syncthreads();
  Real all = scratch[first];
  for (unsigned warp = 1; warp < warps; ++warp) {
    const Real next = scratch[first + warp];
    all = both(all, next);
  }
  return all;
}

}  // namespace detail

// Over a team of whole warps; each of its threads gets the result. A NaN reaches the sum, but not
// the maximum.
template <class Real>
__device__ Real team_sum(Real x, SharedPointer<Real> scratch) {
  return detail::over_team(
      x, scratch, [](Real mine) { return warp_sum(mine); }, [](Real a, Real b) { return a + b; });
}
template <class Real>
__device__ Real team_max(Real x, SharedPointer<Real> scratch) {
  return detail::over_team(
      x, scratch, [](Real mine) { return warp_max(mine); },
      [](Real a, Real b) { return fmax(a, b); });
}

// Over a column of a power of 2 of threads; the one with threadIdx.y = 0 gets the result. Scratch
// is one element per thread of the block.
template <class Real>
__device__ Real column_sum(Real x, SharedPointer<Real> scratch) {
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
    __syncthreads();  // scratch may still be read
    if (threadIdx.y >= half && threadIdx.y < 2 * half) scratch[thread] = x;
    __syncthreads();
    if (threadIdx.y >= half) continue;
    const Real other = scratch[thread + half * blockDim.x];
    x += other;
  }
  return x;
}

}  // namespace carousel::cuda
