// Blocks that work on one thing together: a thread-block cluster, or a block on its own as a
// cluster of one. Kernels are written once for both.
#pragma once

#include <cooperative_groups.h>

#include "kernels/cuda/shared_memory.h"

namespace carousel::cuda {

template <bool clustered>
struct Cluster {
  // The barrier of all threads, also for what they wrote into each other's shared memory.
  __device__ void sync() const { __syncthreads(); }
  __device__ int rank() const { return 0; }
  // A place in the shared memory of another block, given the same place here.
  template <class T>
  __device__ SharedPointer<T> at(SharedPointer<T> here, int) const {
    return here;
  }
};

// Devices before Hopper have no clusters, and are never asked for one.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
template <>
struct Cluster<true> {
  __device__ void sync() const { cooperative_groups::this_cluster().sync(); }
  __device__ int rank() const {
    return static_cast<int>(cooperative_groups::this_cluster().block_rank());
  }
  template <class T>
  __device__ SharedPointer<T> at(SharedPointer<T> here, int rank) const {
    return cooperative_groups::this_cluster().map_shared_rank(here, static_cast<unsigned>(rank));
  }
};
#endif

}  // namespace carousel::cuda
