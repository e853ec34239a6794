#include <cooperative_groups.h>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"
#include "tests/simt/faults.h"

namespace carousel::faults {
namespace {

using cuda::launch;
using cuda::shared_bytes;
using cuda::SharedMemory;
using cuda::Together;

constexpr unsigned kAll = 0xffffffffu;

__global__ void early_return_kernel() {
  if (threadIdx.x == 33) return;
  __syncthreads();
}

__global__ void divided_barrier_kernel() {
  if (threadIdx.x < 32)
    __syncthreads();
  else
    __syncthreads();
}

__global__ void divided_warp_kernel() {
  if (threadIdx.x < 16)
    __shfl_xor_sync(kAll, 1, 1);
  else
    __syncthreads();
}

__global__ void lost_lane_kernel() {
  if (threadIdx.x == 7) return;
  __shfl_down_sync(kAll, 1, 1);
}

__global__ void different_warp_calls_kernel() {
  if (threadIdx.x % 2 == 0)
    __syncwarp();
  else
    __ballot_sync(kAll, 1);
}

__global__ void warp_kernel() { __syncwarp(); }

__global__ void lane_outside_mask_kernel() {
  if (threadIdx.x < 16) __shfl_sync(0xffffu, 1, 20);
}

__global__ void lonely_grid_kernel() {
  if (blockIdx.x != 1) cooperative_groups::this_grid().sync();
}

__global__ void grid_kernel() { cooperative_groups::this_grid().sync(); }

// Threads below `written` write their element; then each reads that which is `shift` further on.
__global__ void neighbour_kernel(int written, int shift) {
  SharedMemory shared;
  auto x = shared.take<int>(64);
  const int i = static_cast<int>(threadIdx.x);
  if (i < written) x[i] = i;
  __syncthreads();
  const int seen = x[i + shift];
  if (seen < 0) x[i] = seen;
}

// Each thread writes its element and reads that of thread i & mask, with no barrier of the block.
__global__ void early_read_kernel(unsigned mask, bool warp_barrier) {
  SharedMemory shared;
  auto x = shared.take<int>(64);
  x[threadIdx.x] = 1;
  if (warp_barrier) __syncwarp();
  const int seen = x[threadIdx.x & mask];
  if (seen < 0) x[threadIdx.x] = seen;
}

__global__ void overwrite_kernel() {
  SharedMemory shared;
  auto x = shared.take<int>(64);
  x[threadIdx.x] = 1;
  __syncthreads();
  const int seen = x[63 - threadIdx.x];
  x[threadIdx.x] = seen;
}

__global__ void take_kernel(int n) {
  SharedMemory shared;
  auto x = shared.take<int>(n);
  x[threadIdx.x] = 1;
}

__global__ void take_twice_kernel() {
  SharedMemory first, second;
  auto x = first.take<int>(64);
  auto y = second.take<double>(32);
  x[threadIdx.x] = 1;
  if (threadIdx.x < 32) y[threadIdx.x] = 1;
}

__global__ void misaligned_kernel() {
  SharedMemory shared;
  auto x = shared.take<float>(64);
  auto v = cuda::as_vectors<float4>(x + 1);
  v[0] = float4{1, 2, 3, 4};
}

__global__ void empty_kernel() {}
__global__ void shared_kernel() {}

void neighbour(int written, int shift) {
  launch(neighbour_kernel, 1, 64, shared_bytes<int>(64), written, shift);
}

void early_read(unsigned mask, bool warp_barrier) {
  launch(early_read_kernel, 1, 64, shared_bytes<int>(64), mask, warp_barrier);
}

Together all_blocks() {
  Together together;
  together.grid = true;
  return together;
}

}  // namespace

void early_return() { launch(early_return_kernel, 2, 64, 0); }
void divided_barrier() { launch(divided_barrier_kernel, 1, 64, 0); }
void divided_warp() { launch(divided_warp_kernel, 1, 32, 0); }
void lost_lane() { launch(lost_lane_kernel, 1, 64, 0); }
void different_warp_calls() { launch(different_warp_calls_kernel, 1, 32, 0); }
void missing_lanes() { launch(warp_kernel, 1, 40, 0); }
void lane_outside_mask() { launch(lane_outside_mask_kernel, 1, 32, 0); }
void lonely_grid() { launch(all_blocks(), lonely_grid_kernel, 3, 32, 0); }
void grid_without_asking() { launch(grid_kernel, 1, 32, 0); }
void unwritten() { neighbour(63, 0); }
void beyond() { neighbour(64, 1); }
void before() { neighbour(64, -1); }
void taken_too_much() { launch(take_kernel, 1, 32, 100, 32); }
void taken_twice() { launch(take_twice_kernel, 1, 64, 256); }
void race_after_write() { early_read(31, true); }
void race_before_write() { launch(overwrite_kernel, 1, 64, shared_bytes<int>(64)); }
void race_in_warp() { early_read(~1u, false); }
void misaligned() { launch(misaligned_kernel, 1, 32, shared_bytes<float>(64)); }
void fine() { early_read(~1u, true); }

void with_block(unsigned x, unsigned y, unsigned z) { launch(empty_kernel, 1, dim3(x, y, z), 0); }
void with_grid(unsigned x, unsigned y) { launch(empty_kernel, dim3(x, y), 32, 0); }
void with_shared(std::size_t bytes) { launch(shared_kernel, 1, 32, bytes); }
void with_cluster(unsigned blocks, unsigned cluster) {
  Together together;
  together.cluster = cluster;
  launch(together, empty_kernel, blocks, 32, 0);
}
void cooperative(unsigned blocks) { launch(all_blocks(), grid_kernel, blocks, 1024, 0); }

}  // namespace carousel::faults
