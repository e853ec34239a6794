// c_ij = Σ_k op(a)_ik op(b)_kj + bias_j
//
// A product of matrices is cut into blocks of c that are independent of each other. For each,
// slices of op(a) and op(b) are copied into panels: tile_rows (tile_columns) rows (columns) side by
// side, k by k. On panels all four transposes look alike, and a tile of c stays in registers while
// k runs. A product with a vector reads its matrix once, in place.

#include "kernels/matmul.h"

#include <algorithm>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

constexpr std::int64_t block_rows = 64, block_columns = 64, block_depth = 256;
constexpr std::int64_t tile_rows = 4, vector_lanes = 128;
template <class Real>
constexpr std::int64_t tile_columns = 32 / static_cast<std::int64_t>(sizeof(Real));

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// One matrix of a factor, seen from its product: its lanes are the rows of op(a) or the columns of
// op(b), and along a lane runs the depth k.
template <class Real>
struct Factor {
  const Real* data;
  std::int64_t lane_stride, depth_stride;
};

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

// A part of a matrix: [begin, begin + size) of its lanes or of its depth.
struct Range {
  std::int64_t begin, size;
};

Range part(std::int64_t index, std::int64_t part_size, std::int64_t total) {
  return {index * part_size, std::min(part_size, total - index * part_size)};
}

// panel[k][lane], where lanes that do not exist are zero.
template <std::int64_t width, class Real>
void pack_panel(const Factor<Real>& f, Range lanes, Range depth, Real* panel) {
  const Real* const from = f.data + lanes.begin * f.lane_stride + depth.begin * f.depth_stride;
  if (lanes.size < width) std::fill_n(panel, depth.size * width, Real{0});
  if (f.lane_stride == 1 && lanes.size == width) {
    for (std::int64_t k = 0; k < depth.size; ++k) {
      for (std::int64_t lane = 0; lane < width; ++lane) {
        panel[k * width + lane] = from[k * f.depth_stride + lane];
      }
    }
  } else {
    for (std::int64_t lane = 0; lane < lanes.size; ++lane) {
      for (std::int64_t k = 0; k < depth.size; ++k) {
        panel[k * width + lane] = from[lane * f.lane_stride + k * f.depth_stride];
      }
    }
  }
}

template <std::int64_t width, class Real>
void pack(const Factor<Real>& f, Range lanes, Range depth, Real* panels) {
  for (std::int64_t lane = 0; lane < lanes.size; lane += width) {
    const Range panel_lanes{lanes.begin + lane, std::min(width, lanes.size - lane)};
    pack_panel<width>(f, panel_lanes, depth, panels + lane * depth.size);
  }
}

// c (rows, columns) += the product of two panels. The tile is a local array of fixed size so that
// the compiler keeps it in registers.
template <class Real>
void multiply_panels(const Real* a, const Real* b, std::int64_t depth, Real* c, std::int64_t stride,
                     std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t width = tile_columns<Real>;
  Real tile[tile_rows][width] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    for (std::int64_t i = 0; i < tile_rows; ++i) {
#pragma omp simd
      for (std::int64_t j = 0; j < width; ++j)
        tile[i][j] += a[k * tile_rows + i] * b[k * width + j];
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) c[i * stride + j] += tile[i][j];
  }
}

// What is in c before products are added.
template <class Real>
void start(const MatMul<Real>& p, Range rows, Range columns, Real* c) {
  for (std::int64_t i = rows.begin; i < rows.begin + rows.size; ++i) {
    for (std::int64_t j = columns.begin; j < columns.begin + columns.size; ++j) {
      const Real bias = p.bias == nullptr ? Real{0} : p.bias[j];
      c[i * p.N + j] = p.accumulate ? c[i * p.N + j] + bias : bias;
    }
  }
}

template <class Real>
void multiply_block(const MatMul<Real>& p, std::int64_t matrix, Range rows, Range columns) {
  constexpr std::int64_t width = tile_columns<Real>;
  alignas(64) Real a[block_rows * block_depth];
  alignas(64) Real b[block_columns * block_depth];
  Real* const c = p.c + matrix * p.M * p.N;
  start(p, rows, columns, c);
  for (std::int64_t k = 0; k < p.K; k += block_depth) {
    const Range depth = part(k / block_depth, block_depth, p.K);
    pack<tile_rows>(left(p, matrix), rows, depth, a);
    pack<width>(right(p, matrix), columns, depth, b);
    for (std::int64_t j = 0; j < columns.size; j += width) {
      for (std::int64_t i = 0; i < rows.size; i += tile_rows) {
        multiply_panels(a + i * depth.size, b + j * depth.size, depth.size,
                        c + (rows.begin + i) * p.N + columns.begin + j, p.N,
                        std::min(tile_rows, rows.size - i), std::min(width, columns.size - j));
      }
    }
  }
}

template <class Real>
void multiply_matrices(const MatMul<Real>& p) {
  const std::int64_t down = ceil_div(p.M, block_rows), across = ceil_div(p.N, block_columns);
  const std::int64_t cost = std::min(p.M, block_rows) * std::min(p.N, block_columns) * p.K;
  parallel_for(p.batch * down * across, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t matrix = block / (down * across);
      multiply_block(p, matrix, part(block / across % down, block_rows, p.M),
                     part(block % across, block_columns, p.N));
    }
  });
}

// y_lane += Σ_k f_lane,k x_k where the depth is contiguous: dot products, four at a time because
// one sum alone waits for its last addition.
template <class Real>
void add_dots(const Factor<Real>& f, Range lanes, Range depth, const Real* x, Real* y) {
  const Real* row = f.data + lanes.begin * f.lane_stride + depth.begin;
  const std::int64_t next = f.lane_stride;
  std::int64_t lane = 0;
  for (; lane + 4 <= lanes.size; lane += 4, row += 4 * next) {
    Real sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
#pragma omp simd reduction(+ : sum0, sum1, sum2, sum3)
    for (std::int64_t k = 0; k < depth.size; ++k) {
      sum0 += row[k] * x[k];
      sum1 += row[next + k] * x[k];
      sum2 += row[2 * next + k] * x[k];
      sum3 += row[3 * next + k] * x[k];
    }
    y[lane] += sum0, y[lane + 1] += sum1, y[lane + 2] += sum2, y[lane + 3] += sum3;
  }
  for (; lane < lanes.size; ++lane, row += next) {
    Real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t k = 0; k < depth.size; ++k) sum += row[k] * x[k];
    y[lane] += sum;
  }
}

// The same where the lanes are contiguous: a sum of scaled rows.
template <class Real>
void add_scaled_rows(const Factor<Real>& f, Range lanes, Range depth, const Real* x, Real* y) {
  const Real* row = f.data + lanes.begin + depth.begin * f.depth_stride;
  Real sum[vector_lanes] = {};
  for (std::int64_t k = 0; k < depth.size; ++k, row += f.depth_stride) {
#pragma omp simd
    for (std::int64_t lane = 0; lane < lanes.size; ++lane) sum[lane] += x[k] * row[lane];
  }
  for (std::int64_t lane = 0; lane < lanes.size; ++lane) y[lane] += sum[lane];
}

// M = 1 or N = 1: the factor that is not a vector is read once, where it lies.
template <class Real>
void multiply_vector(const MatMul<Real>& p, std::int64_t matrix, Range lanes) {
  const bool row = p.M == 1;  // c is a row
  const Range one{0, 1};
  const Factor<Real> f = row ? right(p, matrix) : left(p, matrix);
  const Real* const x = row ? left(p, matrix).data : right(p, matrix).data;
  Real* const c = p.c + matrix * p.M * p.N;
  start(p, row ? one : lanes, row ? lanes : one, c);
  for (std::int64_t k = 0; k < p.K; k += block_depth) {
    const Range depth = part(k / block_depth, block_depth, p.K);
    if (f.depth_stride == 1) {
      add_dots(f, lanes, depth, x + k, c + lanes.begin);
    } else {
      add_scaled_rows(f, lanes, depth, x + k, c + lanes.begin);
    }
  }
}

template <class Real>
void multiply_vectors(const MatMul<Real>& p) {
  const std::int64_t lanes = p.M * p.N, parts = ceil_div(lanes, vector_lanes);
  const std::int64_t cost = std::min(lanes, vector_lanes) * p.K;
  parallel_for(p.batch * parts, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      multiply_vector(p, i / parts, part(i % parts, vector_lanes, lanes));
    }
  });
}

}  // namespace

template <class Real>
void matmul(const MatMul<Real>& p) {
  p.M == 1 || p.N == 1 ? multiply_vectors(p) : multiply_matrices(p);
}

template void matmul(const MatMul<float>&);
template void matmul(const MatMul<double>&);

}  // namespace carousel::reference
