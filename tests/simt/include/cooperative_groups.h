// Groups of threads that meet: the block, the cluster, the grid.
#pragma once

#include <cuda_runtime.h>

namespace cooperative_groups {

class thread_block {
 public:
  void sync(SIMT_HERE) const { simt::meet({simt::Meeting::block, file, line}); }
  unsigned thread_rank() const { return simt::current->number; }
  unsigned size() const { return blockDim.x * blockDim.y * blockDim.z; }
};
inline thread_block this_thread_block() { return {}; }

class grid_group {
 public:
  void sync(SIMT_HERE) const { simt::meet({simt::Meeting::grid, file, line}); }
  unsigned long long num_blocks() const {
    return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z;
  }
  unsigned long long block_rank() const {
    return (static_cast<unsigned long long>(blockIdx.z) * gridDim.y + blockIdx.y) * gridDim.x +
           blockIdx.x;
  }
  unsigned long long thread_rank() const {
    return block_rank() * this_thread_block().size() + simt::current->number;
  }
  unsigned long long size() const { return num_blocks() * this_thread_block().size(); }
};
inline grid_group this_grid() { return {}; }

class cluster_group {
 public:
  void sync(SIMT_HERE) const { simt::meet({simt::Meeting::cluster, file, line}); }
  unsigned block_rank() const { return simt::current->block->rank; }
  unsigned num_blocks() const { return simt::cluster_blocks(); }
  unsigned thread_rank() const {
    return block_rank() * this_thread_block().size() + simt::current->number;
  }
  template <class T>
  simt::SharedPointer<T> map_shared_rank(simt::SharedPointer<T> pointer, unsigned rank) const {
    return pointer.in_block(rank);
  }
};
inline cluster_group this_cluster() { return {}; }

}  // namespace cooperative_groups
