// c = op(a) op(b) + bias, in one of four ways:
//
//  - c of many rows and columns: op(b) is copied once into panels, each a slice of tile_columns
//    columns laid out row by row, so that whatever op is, tiles of c are computed from contiguous
//    memory;
//  - few rows (or few columns, seen from the other side), and the lanes of the large factor are
//    contiguous along k: each number of c is a dot product, and the large factor is read once;
//  - few rows, and the rows of b are contiguous: tiles of c from b as it lies;
//  - a depth as short as the number of heads: sums of a few rows of b.

#include "kernels/matmul.h"

#include <algorithm>

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/matmul_small.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

namespace {

// What a thread takes on at a time. In multiply_block a block of op(a), block_rows × block_depth,
// stays in the second-level cache, and a slice of a panel of op(b), block_depth × tile_columns, in
// the first.
constexpr std::int64_t block_rows = 48, block_columns = 512, block_depth = 256;
constexpr std::int64_t pack_columns = 64, least_blocks = 8;
// So few rows of c do not repay the copying of op(b), so few columns waste the tiles.
constexpr std::int64_t few_rows = 16, few_columns = 3;

// A block of c for one slice of the depth, panel by panel.
template <class Real>
void multiply_slice(Product<Real> block, std::int64_t a_tile, std::int64_t b_panel) {
  constexpr std::int64_t lanes = Register<Real>::lanes, width = tile_columns<Real>;
  for (; block.N > 0; block.N -= width) {
    if (block.N >= width) {
      multiply_column<2>(block, a_tile, Whole{});
    } else if (block.N > lanes) {
      multiply_column<2>(block, a_tile, First{block.N - lanes});
    } else if (block.N == lanes) {
      multiply_column<1>(block, a_tile, Whole{});
    } else {
      multiply_column<1>(block, a_tile, First{block.N});
    }
    block.b += b_panel;
    block.c += width;
    if (block.bias != nullptr) block.bias += width;
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

// M rows in blocks of as equal height as whole tiles allow, block_rows at most; as many blocks as
// wanted, if there are tiles enough.
struct Rows {
  std::int64_t M, tiles, blocks;

  Rows(std::int64_t M_, std::int64_t wanted)
      : M(M_),
        tiles(ceil_div(M, tile_rows)),
        blocks(std::min(tiles, std::max(wanted, ceil_div(M, block_rows)))) {}
  std::int64_t begin(std::int64_t block) const {
    return std::min(M, tiles * block / blocks * tile_rows);
  }
};

template <class Real>
void multiply_packed(const MatMul<Real>& p) {
  constexpr std::int64_t width = tile_columns<Real>;
  const std::int64_t across = ceil_div(p.N, block_columns);
  const Rows rows(p.M, ceil_div(least_blocks, across));
  const Scratch<Real> panels(ceil_div(p.N, width) * width * p.K);
  for (std::int64_t matrix = 0; matrix < p.batch; ++matrix) {
    parallel_for(p.N, pack_columns, [&](std::int64_t begin, std::int64_t end) {
      pack_panels<width>(right(p, matrix).from(begin), end - begin, p.K,
                         panels.data() + begin * p.K);
    });
    parallel_for(rows.blocks * across, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = rows.begin(i / across), column = i % across * block_columns;
        multiply_block(p, left(p, matrix).from(row), panels.data() + column * p.K,
                       Product<Real>{
                           .M = rows.begin(i / across + 1) - row,
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

}  // namespace

template <class Real>
void matmul(const MatMul<Real>& p) {
  if (p.M == 0 || p.N == 0) return;
  if (p.M <= few_rows && p.transpose_b) return multiply_few_lanes(p, true);
  if (p.N <= few_columns && !p.transpose_a) return multiply_few_lanes(p, false);
  if (!p.transpose_b && p.K == 4) return multiply_thin<4>(p);  // the gates of four heads
  if (!p.transpose_b && p.K == 8) return multiply_thin<8>(p);
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

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
