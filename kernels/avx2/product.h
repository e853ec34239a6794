// Products of matrices on one thread, with the factors where they lie: what the packed matrix
// product, the mLSTM and the sLSTM are made of.
#pragma once

#include <algorithm>

#include "kernels/avx2/register.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

// c (M, N) = or += a (M, K) b (K, N). Any strides for a, so also its transpose; the rows of b and c
// are contiguous. c overlaps neither factor.
template <class Real>
struct Product {
  std::int64_t M, N, K;
  const Real* a;
  std::int64_t a_row, a_column;  // a_ik is at a[i · a_row + k · a_column]
  const Real* b;
  std::int64_t b_row;
  Real* c;
  std::int64_t c_row;
  const Real* bias = nullptr;  // (N), added to every row; null: none
  bool accumulate = false;
};

// The tile of c at its upper left: rows × packs, of which the last is as full as Part says.
template <int rows, int packs, class Real, class Part>
inline void multiply_tile(const Product<Real>& p, Part last) {
  using P = Register<Real>;
  P sum[rows][packs];
  const Real *a = p.a, *b = p.b;
  for (std::int64_t k = 0; k < p.K; ++k, a += p.a_column, b += p.b_row) {
    P columns[packs];
    for (int j = 0; j + 1 < packs; ++j) columns[j] = P::load(b + j * P::lanes);
    columns[packs - 1] = P::load(b + (packs - 1) * P::lanes, last);
    for (int i = 0; i < rows; ++i) {
      const P row = a[i * p.a_row];
      for (int j = 0; j < packs; ++j) sum[i][j] = fma(row, columns[j], sum[i][j]);
    }
  }
  const auto finish = [&](int i, int j, auto part) {
    Real* const c = p.c + i * p.c_row + j * P::lanes;
    if (p.bias != nullptr) sum[i][j] = sum[i][j] + P::load(p.bias + j * P::lanes, part);
    if (p.accumulate) sum[i][j] = sum[i][j] + P::load(c, part);
    sum[i][j].store(c, part);
  };
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j + 1 < packs; ++j) finish(i, j, Whole{});
    finish(i, packs - 1, last);
  }
}

// The tiles of c down its left edge, with as many packs of columns. From one row of tiles to the
// next it is a_tile in a.
template <int packs, int rows = tile_rows, class Real, class Part>
inline void multiply_column(Product<Real> p, std::int64_t a_tile, Part last) {
  for (; p.M >= rows; p.M -= rows) {
    multiply_tile<rows, packs>(p, last);
    p.a += a_tile;
    p.c += rows * p.c_row;
  }
  if constexpr (rows > 1) {
    if (p.M > 0) multiply_column<packs, rows - 1>(p, 0, last);
  }
}

template <class Real>
inline void multiply(Product<Real> p) {
  constexpr std::int64_t lanes = Register<Real>::lanes;
  constexpr int half = tile_rows / 2;
  const auto advance = [&](std::int64_t columns) {
    p.b += columns;
    p.c += columns;
    if (p.bias != nullptr) p.bias += columns;
    p.N -= columns;
  };
  // Few rows need more columns to have sums enough.
  if (p.M <= half) {
    while (p.N >= 4 * lanes) multiply_column<4, half>(p, 0, Whole{}), advance(4 * lanes);
  }
  const std::int64_t a_tile = tile_rows * p.a_row;
  while (p.N >= 2 * lanes) multiply_column<2>(p, a_tile, Whole{}), advance(2 * lanes);
  if (p.N > lanes) return multiply_column<2>(p, a_tile, First{p.N - lanes});
  if (p.N == lanes) return multiply_column<1>(p, a_tile, Whole{});
  if (p.N > 0) multiply_column<1>(p, a_tile, First{p.N});
}

// A block of 8×8 floats or 4×4 doubles, in registers.
inline void transpose_block(const float* from, std::int64_t from_row, float* to,
                            std::int64_t to_row) {
  __m256 row[8], pair[8];
  for (int i = 0; i < 4; ++i) {  // rows i and i + 4 of the left half, then of the right half
    const float *const upper = from + i * from_row, *const lower = upper + 4 * from_row;
    row[i] =
        _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(upper)), _mm_loadu_ps(lower), 1);
    row[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(upper + 4)),
                                      _mm_loadu_ps(lower + 4), 1);
  }
  for (int half = 0; half < 8; half += 4) {
    pair[half] = _mm256_unpacklo_ps(row[half], row[half + 1]);
    pair[half + 1] = _mm256_unpackhi_ps(row[half], row[half + 1]);
    pair[half + 2] = _mm256_unpacklo_ps(row[half + 2], row[half + 3]);
    pair[half + 3] = _mm256_unpackhi_ps(row[half + 2], row[half + 3]);
  }
  for (int half = 0; half < 8; half += 4) {
    for (int i = 0; i < 2; ++i) {
      const __m256 a = pair[half + i], b = pair[half + i + 2];
      float* const target = to + (half + 2 * i) * to_row;
      _mm256_storeu_ps(target, _mm256_shuffle_ps(a, b, 0x44));
      _mm256_storeu_ps(target + to_row, _mm256_shuffle_ps(a, b, 0xee));
    }
  }
}
inline void transpose_block(const double* from, std::int64_t from_row, double* to,
                            std::int64_t to_row) {
  __m256d row[4];
  for (int i = 0; i < 2; ++i) {  // rows i and i + 2 of the left half, then of the right half
    const double *const upper = from + i * from_row, *const lower = upper + 2 * from_row;
    row[i] =
        _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(upper)), _mm_loadu_pd(lower), 1);
    row[i + 2] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(upper + 2)),
                                      _mm_loadu_pd(lower + 2), 1);
  }
  for (int half = 0; half < 4; half += 2) {
    double* const target = to + half * to_row;
    _mm256_storeu_pd(target, _mm256_unpacklo_pd(row[half], row[half + 1]));
    _mm256_storeu_pd(target + to_row, _mm256_unpackhi_pd(row[half], row[half + 1]));
  }
}

// The same for blocks of 4×4.
inline void transpose_quad(const float* from, std::int64_t from_row, float* to,
                           std::int64_t to_row) {
  __m128 row[4];
  for (std::int64_t i = 0; i < 4; ++i) row[i] = _mm_loadu_ps(from + i * from_row);
  _MM_TRANSPOSE4_PS(row[0], row[1], row[2], row[3]);
  for (std::int64_t i = 0; i < 4; ++i) _mm_storeu_ps(to + i * to_row, row[i]);
}
inline void transpose_quad(const double* from, std::int64_t from_row, double* to,
                           std::int64_t to_row) {
  transpose_block(from, from_row, to, to_row);
}

// to (columns, rows) = the transpose of from (rows, columns), whose rows lie from_row and to_row
// apart.
template <class Real>
inline void transpose(const Real* from, std::int64_t from_row, std::int64_t rows,
                      std::int64_t columns, Real* to, std::int64_t to_row) {
  // Square blocks, so that neither side touches many lines at a time.
  constexpr std::int64_t block = Pack<Real>::lanes;
  for (std::int64_t i = 0; i < rows; i += block) {
    const std::int64_t height = std::min(block, rows - i);
    for (std::int64_t j = 0; j < columns; j += block) {
      const std::int64_t width = std::min(block, columns - j);
      const Real* const source = from + i * from_row + j;
      Real* const target = to + j * to_row + i;
      if (height == block && width == block) {
        transpose_block(source, from_row, target, to_row);
      } else if (height == block && width == 4) {  // the taps of a convolution
        for (std::int64_t y = 0; y < block; y += 4) {
          transpose_quad(source + y * from_row, from_row, target + y, to_row);
        }
      } else {
        for (std::int64_t y = 0; y < height; ++y) {
          for (std::int64_t x = 0; x < width; ++x) {
            target[x * to_row + y] = source[y * from_row + x];
          }
        }
      }
    }
  }
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
