// Matrix products with a small side: from the factors as they lie.
#pragma once

#include <algorithm>

#include "core/parallel.h"
#include "kernels/avx2/dots.h"
#include "kernels/avx2/scratch.h"
#include "kernels/matmul.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class Real>
inline Factor<Real> left(const MatMul<Real>& p, std::int64_t matrix) {
  const Real* const a = p.a + matrix * p.M * p.K;
  return p.transpose_a ? Factor<Real>{a, 1, p.M} : Factor<Real>{a, p.K, 1};
}

template <class Real>
inline Factor<Real> right(const MatMul<Real>& p, std::int64_t matrix) {
  const Real* const b = p.b + matrix * p.K * p.N;
  return p.transpose_b ? Factor<Real>{b, p.K, 1} : Factor<Real>{b, 1, p.N};
}

// Few rows of c, where the rows of b are contiguous: tiles from the factors as they lie.
template <class Real>
inline void multiply_few_rows(const MatMul<Real>& p) {
  constexpr std::int64_t width = 128, slice = 64;  // of b, in one go
  const std::int64_t across = ceil_div(p.N, width);
  parallel_for(p.batch * across, grain_for(p.M * width * p.K),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t matrix = i / across, column = i % across * width;
                   const Factor<Real> a = left(p, matrix);
                   for (std::int64_t k = 0; k < p.K || k == 0; k += slice) {
                     multiply(Product<Real>{
                         .M = p.M,
                         .N = std::min(width, p.N - column),
                         .K = std::min(slice, p.K - k),
                         .a = a.data + k * a.depth_stride,
                         .a_row = a.lane_stride,
                         .a_column = a.depth_stride,
                         .b = p.b + (matrix * p.K + k) * p.N + column,
                         .b_row = p.N,
                         .c = p.c + matrix * p.M * p.N + column,
                         .c_row = p.N,
                         .bias = k > 0 || p.bias == nullptr ? nullptr : p.bias + column,
                         .accumulate = k > 0 || p.accumulate,
                     });
                   }
                 }
               });
}

// A few rows of c as sums of `depth` rows of b: so short a sum that c is what takes time.
template <int rows, int depth, class Real>
inline void multiply_outer(const Product<Real>& p) {
  using P = Pack<Real>;
  P a[rows][depth];
  for (int i = 0; i < rows; ++i) {
    for (int k = 0; k < depth; ++k) a[i][k] = p.a[i * p.a_row + k * p.a_column];
  }
  for_packs<Real>(0, p.N, [&](std::int64_t j, auto part) {
    P sums[rows];
    for (int i = 0; i < rows; ++i) {
      if (p.bias != nullptr) sums[i] = P::load(p.bias + j, part);
      if (p.accumulate) sums[i] = sums[i] + P::load(p.c + i * p.c_row + j, part);
    }
    for (int k = 0; k < depth; ++k) {
      const P b = P::load(p.b + k * p.b_row + j, part);
      for (int i = 0; i < rows; ++i) sums[i] = fma(a[i][k], b, sums[i]);
    }
    for (int i = 0; i < rows; ++i) sums[i].store(p.c + i * p.c_row + j, part);
  });
}

// A product whose depth is that, row by row.
template <int depth, class Real>
inline void multiply_thin(const MatMul<Real>& p) {
  constexpr std::int64_t height = 2;
  const std::int64_t strips = ceil_div(p.M, height);
  const std::int64_t grain = grain_for(height * p.N);
  parallel_for(p.batch * strips, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t matrix = i / strips, row = i % strips * height;
      const Factor<Real> a = left(p, matrix).from(row);
      const Product<Real> product{.M = height,
                                  .N = p.N,
                                  .K = depth,
                                  .a = a.data,
                                  .a_row = a.lane_stride,
                                  .a_column = a.depth_stride,
                                  .b = p.b + matrix * depth * p.N,
                                  .b_row = p.N,
                                  .c = p.c + (matrix * p.M + row) * p.N,
                                  .c_row = p.N,
                                  .bias = p.bias,
                                  .accumulate = p.accumulate};
      if (row + height <= p.M) {
        multiply_outer<height, depth>(product);
      } else {
        multiply_outer<1, depth>(product);
      }
    }
  });
}

// Few rows of c, or few columns, where the lanes of the other factor are contiguous along k.
template <class Real>
inline void multiply_few_lanes(const MatMul<Real>& p, bool few_are_rows) {
  const std::int64_t few = few_are_rows ? p.M : p.N, many = few_are_rows ? p.N : p.M;
  const std::int64_t grain = std::max<std::int64_t>(24, 65536 / std::max<std::int64_t>(1, p.K));
  const bool in_place = few_are_rows ? !p.transpose_a : p.transpose_b;
  const Scratch<Real> copy(in_place ? 0 : few * p.K);
  for (std::int64_t matrix = 0; matrix < p.batch; ++matrix) {
    const Factor<Real> small = few_are_rows ? left(p, matrix) : right(p, matrix);
    const Factor<Real> large = few_are_rows ? right(p, matrix) : left(p, matrix);
    if (!in_place) transpose(small.data, small.depth_stride, p.K, few, copy.data(), p.K);
    const Real* const x = in_place ? small.data : copy.data();
    Real* const c = p.c + matrix * p.M * p.N;
    const auto result = [few_are_rows, c, N = p.N, bias = p.bias, accumulate = p.accumulate](
                            std::int64_t i, std::int64_t lane, Real dot) {
      const std::int64_t column = few_are_rows ? lane : i;
      Real& to = c[few_are_rows ? i * N + lane : lane * N + i];
      if (bias != nullptr) dot += bias[column];
      to = accumulate ? to + dot : dot;
    };
    parallel_for(many, grain, [=, K = p.K](std::int64_t begin, std::int64_t end) {
      multiply_lanes<4>(x, K, few, large, begin, end, K, result);
    });
  }
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
