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

// The same for one vector, which is bound by how fast the factor comes: two registers of each lane
// in turn, and what comes 2 KiB later is asked for now, be it of these lanes or of the next ones.
template <int lanes, class Real, class Finish>
inline void multiply_vector(const Real* x, const Real* f, std::int64_t lane_stride, std::int64_t K,
                            const Finish& finish) {
  using W = Register<Real>;
  constexpr std::int64_t ahead = 2048 / sizeof(Real);
  W sums[lanes][2];
  std::int64_t k = 0;
  for (; k + 2 * W::lanes <= K; k += 2 * W::lanes) {
    for (int j = 0; j < lanes; ++j) {
      const Real* const lane = f + j * lane_stride + k;
      for (int half = 0; half < 2; ++half) {
        const std::int64_t at = half * W::lanes;
        if (half == 0 || sizeof(W) == 64) {
          _mm_prefetch(reinterpret_cast<const char*>(lane + at + ahead), _MM_HINT_T0);
        }
        sums[j][half] = fma(W::load(x + k + at), W::load(lane + at), sums[j][half]);
      }
    }
  }
  const auto add = [&](int half, auto part) {
    for (int j = 0; j < lanes; ++j) {
      sums[j][half] =
          fma(W::load(x + k, part), W::load(f + j * lane_stride + k, part), sums[j][half]);
    }
    k += W::lanes;
  };
  if (k + W::lanes <= K) add(0, Whole{});
  if (k < K) add(1, First{K - k});
  for (int j = 0; j < lanes; ++j) finish(0, j, sum(sums[j][0] + sums[j][1]));
}

// x (count, K), rows x_row apart, with the lanes [begin, end) of f, whose depth is contiguous.
// result(row, lane, dot) takes each dot product.
template <int rows, class Real, class Result>
inline void multiply_lanes(const Real* x, std::int64_t x_row, std::int64_t count,
                           const Factor<Real>& f, std::int64_t begin, std::int64_t end,
                           std::int64_t K, const Result& result) {
  constexpr int lanes = rows <= 2 ? 4 : 12 / rows;
  std::int64_t row = 0;
  for (; row + rows <= count; row += rows) {
    std::int64_t lane = begin;
    const auto dots = [&]<int width>(std::integral_constant<int, width>) {
      for (; lane + width <= end; lane += width) {
        const Real *const vectors = x + row * x_row, *const factor = f.data + lane * f.lane_stride;
        const auto finish = [row, lane, result](int i, int j, Real dot) {
          result(row + i, lane + j, dot);
        };
        if constexpr (rows == 1) {
          multiply_vector<width>(vectors, factor, f.lane_stride, K, finish);
        } else {
          multiply_dots<rows, width>(vectors, x_row, factor, f.lane_stride, K, finish);
        }
      }
    };
    dots(std::integral_constant<int, lanes>{});
    if constexpr (lanes > 2) dots(std::integral_constant<int, 2>{});
    dots(std::integral_constant<int, 1>{});
  }
  if constexpr (rows > 1) {
    const auto rest = [row, result](std::int64_t i, std::int64_t lane, Real dot) {
      result(row + i, lane, dot);
    };
    multiply_lanes<rows - 1>(x + row * x_row, x_row, count - row, f, begin, end, K, rest);
  }
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
