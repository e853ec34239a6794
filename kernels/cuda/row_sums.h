// Sums over the rows of a matrix, for gradients of what all rows share, and whatever else there is
// to do for each element on the way.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>

#include "core/tensor.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/team.h"

namespace carousel::cuda {

// to += the sum over n of the partial sums (n, C).
template <class Real>
void add_partial_sums(const Real* partial, std::int64_t n, std::int64_t C, Real* to) {
  reduce_sum(ReduceSum<Real>{.x = partial, .y = to, .outer = 1, .n = n, .inner = C, .factor = 1});
}

namespace detail {

// Threads stand in x along the columns, in y along the rows of the block's range.
// partial: (count, ranges, C)
template <int width, int count, class Real, class Body>
__global__ void row_sums_kernel(Body body, std::int64_t N, std::int64_t C, std::int64_t range,
                                Wide<Real>* partial) {
  SharedMemory shared;
  const auto scratch = shared.take<Wide<Real>>(blockDim.x * blockDim.y);
  const std::int64_t c = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * width;
  const std::int64_t begin = blockIdx.y * range, end = min(N, begin + range);
  Elements<Wide<Real>, width> sums[count] = {};
  if (c < C) {
    for (std::int64_t n = begin + threadIdx.y; n < end; n += blockDim.y)
      body.template run<width>(n * C + c, c, sums);
  }
  if (partial == nullptr) return;
  for (int k = 0; k < count; ++k) {
    for (int j = 0; j < width; ++j) sums[k].at[j] = column_sum(sums[k].at[j], scratch);
    if (threadIdx.y == 0 && c < C)
      store(partial + (std::int64_t{k} * gridDim.y + blockIdx.y) * C + c, sums[k]);
  }
}

}  // namespace detail

// Calls body.run<width>(i, c, sums) for all elements i of a matrix (N, C), width of them from
// column c on at a time; it adds what they give into sums[k].at[…] for k < count. These sums over
// the rows are added to to[k], (C); a null `to` is not wanted. `arrays` are those that body reads
// and writes with load and store. Rows are summed in ranges of fixed size, then the ranges.
template <class Real, std::size_t count, class Body>
void add_row_sums(std::int64_t N, std::int64_t C, const std::array<Wide<Real>*, count>& to,
                  std::initializer_list<const void*> arrays, const Body& body) {
  if (N * C == 0) return;
  constexpr std::int64_t threads = 256, most_ranges = 512;
  const bool wide = packs_fit<Real>(arrays, {C});
  const std::int64_t packs = wide ? C / pack<Real> : C;
  const auto x = static_cast<std::int64_t>(
      std::bit_ceil(static_cast<std::uint64_t>(std::min<std::int64_t>(packs, 32))));
  const std::int64_t y = threads / x, least = 8 * y;
  const std::int64_t range = std::max(least, (N + most_ranges - 1) / most_ranges);
  const std::int64_t ranges = (N + range - 1) / range;

  Tensor<Wide<Real>> partial;
  if (std::any_of(to.begin(), to.end(), [](const Wide<Real>* sum) { return sum != nullptr; }))
    partial = Tensor<Wide<Real>>({static_cast<std::int64_t>(count), ranges, C}, Device::cuda);
  constexpr int sums = static_cast<int>(count);
  const auto kernel = wide ? detail::row_sums_kernel<pack<Real>, sums, Real, Body>
                           : detail::row_sums_kernel<1, sums, Real, Body>;
  launch(kernel, dim3(static_cast<unsigned>((packs + x - 1) / x), static_cast<unsigned>(ranges)),
         dim3(static_cast<unsigned>(x), static_cast<unsigned>(y)),
         shared_bytes<Wide<Real>>(threads), body, N, C, range, partial.mutable_data());
  for (std::size_t k = 0; k < count; ++k) {
    if (to[k] != nullptr)
      add_partial_sums(partial.data() + static_cast<std::int64_t>(k) * ranges * C, ranges, C,
                       to[k]);
  }
}

}  // namespace carousel::cuda
