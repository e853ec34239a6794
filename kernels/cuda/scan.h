// Scans over the threads of a block.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda/shared_memory.h"

namespace carousel::cuda {

// What the threads with a lower place make together, in the order of their places; T() makes
// nothing. join(x, y) is x, then y. Places are 0 … threads − 1; scratch is one T for each. All
// threads of the block call together.
template <class T, class Join>
__device__ T scan_before(const T& own, int place, int threads, SharedPointer<T> scratch,
                         const Join& join) {
  T sum = own;
  for (int distance = 1; distance < threads; distance *= 2) {
    scratch[place] = sum;
    __syncthreads();
    if (place >= distance) {
      const T earlier = scratch[place - distance];
      sum = join(earlier, sum);
    }
    __syncthreads();
  }
  scratch[place] = sum;
  __syncthreads();
  if (place == 0) return T();
  return scratch[place - 1];
}

}  // namespace carousel::cuda
