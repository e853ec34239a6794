// Products of a few vectors with a matrix whose rows are read once, where they lie: dot products.
#pragma once

#include <type_traits>

#include "kernels/avx2/panels.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

// The dot products of `rows` vectors x, x_row apart, with `lanes` lanes of a factor.
template <int rows, int lanes, class Real, class Finish>
inline void multiply_dots(const Real* x, std::int64_t x_row, const Real* f,
                          std::int64_t lane_stride, std::int64_t K, const Finish& finish) {
  using P = Pack<Real>;
  P sums[rows][lanes];
  for_packs<Real>(0, K, [&](std::int64_t k, auto part) {
    P values[lanes];
    for (int j = 0; j < lanes; ++j) values[j] = P::load(f + j * lane_stride + k, part);
    for (int i = 0; i < rows; ++i) {
      const P factor = P::load(x + i * x_row + k, part);
      for (int j = 0; j < lanes; ++j) sums[i][j] = fma(factor, values[j], sums[i][j]);
    }
  });
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < lanes; ++j) finish(i, j, sum(sums[i][j]));
  }
}

// x (count, K), rows x_row apart, with the lanes [begin, end) of f, whose depth is contiguous.
// result(row, lane, dot) takes each dot product.
template <int rows, class Real, class Result>
inline void multiply_lanes(const Real* x, std::int64_t x_row, std::int64_t count,
                           const Factor<Real>& f, std::int64_t begin, std::int64_t end,
                           std::int64_t K, const Result& result) {
  constexpr int lanes = rows == 1 ? 8 : rows == 2 ? 4 : 12 / rows;
  std::int64_t row = 0;
  for (; row + rows <= count; row += rows) {
    std::int64_t lane = begin;
    const auto dots = [&]<int width>(std::integral_constant<int, width>) {
      for (; lane + width <= end; lane += width) {
        multiply_dots<rows, width>(x + row * x_row, x_row, f.data + lane * f.lane_stride,
                                   f.lane_stride, K,
                                   [&](int i, int j, Real dot) { result(row + i, lane + j, dot); });
      }
    };
    dots(std::integral_constant<int, lanes>{});
    if constexpr (lanes > 4) dots(std::integral_constant<int, 4>{});
    if constexpr (lanes > 2) dots(std::integral_constant<int, 2>{});
    dots(std::integral_constant<int, 1>{});
  }
  if constexpr (rows > 1) {
    const auto rest = [&](std::int64_t i, std::int64_t lane, Real dot) {
      result(row + i, lane, dot);
    };
    multiply_lanes<rows - 1>(x + row * x_row, x_row, count - row, f, begin, end, K, rest);
  }
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
