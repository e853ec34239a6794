// c = op(a) op(b) + bias, in one of three ways:
//
//  - c of many rows and columns: op(b) is copied once into panels, each a slice of tile_columns
//    columns laid out row by row, so that whatever op is, tiles of c are computed from contiguous
//    memory;
//  - few rows (or few columns, seen from the other side), and the lanes of the large factor are
//    contiguous along k: each number of c is a dot product, and the large factor is read once;
//  - few rows, and the rows of b are contiguous: tiles of c from b as it lies.

#include "kernels/matmul.h"

#include <algorithm>
#include <type_traits>

#include "core/parallel.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/panels.h"
#include "kernels/avx2/scratch.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

// What a thread takes on at a time. In multiply_slice a block of op(a), block_rows × block_depth,
// stays in the second-level cache, and a slice of a panel of op(b), block_depth × tile_columns, in
// the first.
constexpr std::int64_t block_rows = 48, block_columns = 512, block_depth = 256;
constexpr std::int64_t pack_columns = 128;
// So few rows of c do not repay the copying of op(b), so few columns waste the tiles.
constexpr std::int64_t few_rows = 16, few_columns = 3;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class Real>
Factor<Real> left(const MatMul<Real>& p, std::int64_t matrix) {
  const Real* const a = p.a + matrix * p.M * p.K;
  return p.transpose_a ? Factor<Real>{a, 1, p.M} : Factor<Real>{a, p.K, 1};
}

template <class Real>
Factor<Real> right(const MatMul<Real>& p, std::int64_t matrix) {
  const Real* const b = p.b + matrix * p.K * p.N;
  return p.transpose_b ? Factor<Real>{b, p.K, 1} : Factor<Real>{b, 1, p.N};
}

// Some rows of a block of c for one slice of the depth, panel by panel.
template <class Real>
void multiply_rows(Product<Real> rows, std::int64_t a_tile, std::int64_t b_panel) {
  constexpr std::int64_t lanes = Pack<Real>::lanes, width = tile_columns<Real>;
  for (; rows.N > 0; rows.N -= width) {
    if (rows.N >= width) {
      multiply_column<2, 6>(rows, a_tile, Whole{});
    } else if (rows.N > lanes) {
      multiply_column<2, 6>(rows, a_tile, First{rows.N - lanes});
    } else if (rows.N == lanes) {
      multiply_column<1, 6>(rows, a_tile, Whole{});
    } else {
      multiply_column<1, 6>(rows, a_tile, First{rows.N});
    }
    rows.b += b_panel;
    rows.c += width;
    if (rows.bias != nullptr) rows.bias += width;
  }
}

// A block of c for one slice of the depth. A thin slice of op(b) stays in the first-level cache as
// a whole, so that c can be written along its rows.
template <class Real>
void multiply_slice(const Product<Real>& block, std::int64_t a_tile, std::int64_t b_panel) {
  constexpr std::int64_t thin = 6;
  const std::int64_t height = block.K <= thin ? tile_rows : block.M;
  Product<Real> rows = block;
  for (std::int64_t i = 0; i < block.M; i += height) {
    rows.M = std::min(height, block.M - i);
    multiply_rows(rows, a_tile, b_panel);
    rows.a += a_tile;
    rows.c += height * block.c_row;
  }
}

// A block of c from the panels of op(b), one slice of the depth after the other.
template <class Real>
void multiply_block(const MatMul<Real>& p, const Factor<Real>& a, const Real* panels,
                    Product<Real> block) {
  alignas(64) Real packed[block_rows * block_depth];
  const std::int64_t b_panel = tile_columns<Real> * p.K;
  for (std::int64_t k = 0; k < p.K || k == 0; k += block_depth) {
    block.K = std::min(block_depth, p.K - k);
    block.b = panels + k * tile_columns<Real>;
    if (p.transpose_a) {
      const Factor<Real> slice{a.data + k * a.depth_stride, a.lane_stride, a.depth_stride};
      pack_panels<tile_rows>(slice, block.M, block.K, packed);
      block.a = packed;
      block.a_row = 1;
      block.a_column = tile_rows;
      multiply_slice(block, tile_rows * block.K, b_panel);
    } else {
      block.a = a.data + k;
      block.a_row = p.K;
      block.a_column = 1;
      multiply_slice(block, tile_rows * p.K, b_panel);
    }
    block.bias = nullptr;
    block.accumulate = true;
  }
}

template <class Real>
void multiply_packed(const MatMul<Real>& p) {
  constexpr std::int64_t width = tile_columns<Real>;
  const std::int64_t down = ceil_div(p.M, block_rows), across = ceil_div(p.N, block_columns);
  const Scratch<Real> panels(ceil_div(p.N, width) * width * p.K);
  for (std::int64_t matrix = 0; matrix < p.batch; ++matrix) {
    parallel_for(p.N, pack_columns, [&](std::int64_t begin, std::int64_t end) {
      pack_panels<width>(right(p, matrix).from(begin), end - begin, p.K,
                         panels.data() + begin * p.K);
    });
    parallel_for(down * across, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = i / across * block_rows, column = i % across * block_columns;
        multiply_block(p, left(p, matrix).from(row), panels.data() + column * p.K,
                       Product<Real>{
                           .M = std::min(block_rows, p.M - row),
                           .N = std::min(block_columns, p.N - column),
                           .K = 0,
                           .a = nullptr,
                           .a_row = 0,
                           .a_column = 0,
                           .b = nullptr,
                           .b_row = width,
                           .c = p.c + (matrix * p.M + row) * p.N + column,
                           .c_row = p.N,
                           .bias = p.bias == nullptr ? nullptr : p.bias + column,
                           .accumulate = p.accumulate,
                       });
      }
    });
  }
}

// Few rows of c, where the rows of b are contiguous: tiles from the factors as they lie.
template <class Real>
void multiply_few_rows(const MatMul<Real>& p) {
  constexpr std::int64_t slice = 64;  // rows of b, which share pages
  const std::int64_t across = ceil_div(p.N, block_columns);
  parallel_for(p.batch * across, grain_for(p.M * block_columns * p.K),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t matrix = i / across, column = i % across * block_columns;
                   const Factor<Real> a = left(p, matrix);
                   for (std::int64_t k = 0; k < p.K || k == 0; k += slice) {
                     multiply(Product<Real>{
                         .M = p.M,
                         .N = std::min(block_columns, p.N - column),
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

// The dot products of `rows` vectors x, K apart, with `lanes` lanes of a factor.
template <int rows, int lanes, class Real, class Finish>
void multiply_dots(const Real* x, const Real* f, std::int64_t lane_stride, std::int64_t K,
                   const Finish& finish) {
  using P = Pack<Real>;
  P sums[rows][lanes];
  for_packs<Real>(0, K, [&](std::int64_t k, auto part) {
    P values[lanes];
    for (int j = 0; j < lanes; ++j) values[j] = P::load(f + j * lane_stride + k, part);
    for (int i = 0; i < rows; ++i) {
      const P factor = P::load(x + i * K + k, part);
      for (int j = 0; j < lanes; ++j) sums[i][j] = fma(factor, values[j], sums[i][j]);
    }
  });
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < lanes; ++j) finish(i, j, sum(sums[i][j]));
  }
}

// x (count, K) with the lanes [begin, end) of f, whose depth is contiguous. result(row, lane) is
// where a dot product goes.
template <int rows, class Real, class Result>
void multiply_lanes(const Real* x, std::int64_t count, const Factor<Real>& f, std::int64_t begin,
                    std::int64_t end, std::int64_t K, const Result& result) {
  constexpr int lanes = rows == 1 ? 8 : rows == 2 ? 4 : 12 / rows;
  std::int64_t row = 0;
  for (; row + rows <= count; row += rows) {
    std::int64_t lane = begin;
    const auto dots = [&]<int width>(std::integral_constant<int, width>) {
      for (; lane + width <= end; lane += width) {
        multiply_dots<rows, width>(x + row * K, f.data + lane * f.lane_stride, f.lane_stride, K,
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
    multiply_lanes<rows - 1>(x + row * K, count - row, f, begin, end, K, rest);
  }
}

// Few rows of c, or few columns, where the lanes of the other factor are contiguous along k.
template <class Real>
void multiply_few_lanes(const MatMul<Real>& p, bool few_are_rows) {
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
    const auto result = [&](std::int64_t i, std::int64_t lane, Real dot) {
      const std::int64_t column = few_are_rows ? lane : i;
      Real& to = c[few_are_rows ? i * p.N + lane : lane * p.N + i];
      if (p.bias != nullptr) dot += p.bias[column];
      to = p.accumulate ? to + dot : dot;
    };
    parallel_for(many, grain, [&](std::int64_t begin, std::int64_t end) {
      multiply_lanes<4>(x, few, large, begin, end, p.K, result);
    });
  }
}

}  // namespace

template <class Real>
void matmul(const MatMul<Real>& p) {
  if (p.M == 0 || p.N == 0) return;
  if (p.M <= few_rows && p.transpose_b) return multiply_few_lanes(p, true);
  if (p.N <= few_columns && !p.transpose_a) return multiply_few_lanes(p, false);
  if (p.M <= few_rows) return multiply_few_rows(p);
  if (p.N == 1 && p.transpose_a && p.bias == nullptr) {  // cᵀ = op(b)ᵀ a, and c is a row
    return multiply_few_rows(MatMul<Real>{
        .a = p.b,
        .b = p.a,
        .bias = nullptr,
        .c = p.c,
        .batch = p.batch,
        .M = 1,
        .N = p.M,
        .K = p.K,
        .transpose_a = false,
        .transpose_b = false,
        .accumulate = p.accumulate,
    });
  }
  multiply_packed(p);
}

template void matmul(const MatMul<float>&);
template void matmul(const MatMul<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
