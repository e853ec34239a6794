// The second half of a sum over rows. Blocks own fixed ranges of rows and leave their sums in a
// workspace, (parts, n); add_parts adds those up, always in the same order.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"

namespace carousel::cuda {

namespace detail {

constexpr unsigned part_columns = 32, part_rows = 8;

// A block takes 32 neighbours; its rows of threads every eighth part each.
template <class Real, class Place>
__global__ void add_parts_kernel(const Real* sums, std::int64_t parts, std::int64_t n,
                                 Place place) {
  SharedMemory shared;
  auto rows = shared.take<Real>(part_rows * part_columns);
  const std::int64_t i = std::int64_t{blockIdx.x} * part_columns + threadIdx.x;
  Real sum = 0;
  if (i < n) {
    for (std::int64_t part = threadIdx.y; part < parts; part += part_rows)
      sum += sums[part * n + i];
  }
  rows[threadIdx.y * part_columns + threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || i >= n) return;
  for (unsigned row = 1; row < part_rows; ++row) sum += rows[row * part_columns + threadIdx.x];
  *place(i) += sum;
}

}  // namespace detail

// *place(i) += Σ_part sums[part, i] for i in [0, n), where place(i) is called on the device.
template <class Real, class Place>
void add_parts(const Real* sums, std::int64_t parts, std::int64_t n, const Place& place) {
  if (n == 0) return;
  using namespace detail;
  const auto grid = static_cast<unsigned>((n + part_columns - 1) / part_columns);
  launch(add_parts_kernel<Real, Place>, grid, dim3(part_columns, part_rows),
         shared_bytes<Real>(part_rows * part_columns), sums, parts, n, place);
}

}  // namespace carousel::cuda
