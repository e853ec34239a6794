// Per row and block, with W the block's (O, I) matrix:
//
//   y = W x + bias
//   dx = Wᵀ dy        dW = Σ_rows dy xᵀ
//
// Blocks of 4×4 fill packs as they lie in memory: column j of the blocks of a pack, times the j-th
// number of each block of x, summed over j. Larger blocks are products of matrices.

#include "kernels/block_diagonal.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/dots.h"
#include "kernels/avx2/row_sums.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

namespace {

constexpr std::int64_t quad = 4;  // the side of blocks that fill packs

// The j-th of every four lanes, in all four.
template <int j>
Floats spread(Floats a) {
  return _mm256_permute_ps(a.v, j * 0x55);
}
template <int j>
Doubles spread(Doubles a) {
  return _mm256_permute4x64_pd(a.v, j * 0x55);
}

// Σ_j columns_j ⊙ spread_j(x), plus a start. columns (4 packs): column j of the blocks of a pack.
template <class Real>
Pack<Real> multiply_quads(const Real* columns, Pack<Real> x, Pack<Real> start) {
  using P = Pack<Real>;
  start = fma(P::load(columns), spread<0>(x), start);
  start = fma(P::load(columns + P::lanes), spread<1>(x), start);
  start = fma(P::load(columns + 2 * P::lanes), spread<2>(x), start);
  return fma(P::load(columns + 3 * P::lanes), spread<3>(x), start);
}

// The 4×4 blocks (K, out, in) in the order of multiply_quads: for each pack of channels its four
// columns. transposed: of the transposed blocks. What a last pack has no blocks for is zero.
template <class Real>
Scratch<Real> quad_columns(const Real* weight, std::int64_t K, bool transposed) {
  constexpr std::int64_t lanes = Pack<Real>::lanes, blocks = lanes / quad;
  const std::int64_t packs = (K + blocks - 1) / blocks;
  Scratch<Real> columns(packs * quad * lanes);
  if (K % blocks != 0)
    std::fill_n(columns.data() + (packs - 1) * quad * lanes, quad * lanes, Real{0});
  for (std::int64_t k = 0; k < K; ++k) {
    const Real* const block = weight + k * quad * quad;
    Real* const to = columns.data() + k / blocks * quad * lanes + k % blocks * quad;
    if (transposed) {
      for (std::int64_t i = 0; i < quad; ++i) std::copy_n(block + i * quad, quad, to + i * lanes);
    } else {
      transpose_quad(block, quad, to, lanes);
    }
  }
  return columns;
}

// Every row of y = or += the blocks times the row of x.
template <bool accumulate, class Real>
void multiply_quad_rows(const Real* weight, bool transposed, const Real* bias, const Real* x,
                        Real* y, std::int64_t N, std::int64_t K) {
  using P = Pack<Real>;
  const std::int64_t C = K * quad;
  const Scratch<Real> columns = quad_columns(weight, K, transposed);
  parallel_for(N, grain_for(C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      const Real* column = columns.data();
      for_packs<Real>(0, C, [&](std::int64_t c, auto part) {
        P start;
        if (bias != nullptr) start = P::load(bias + c, part);
        if (accumulate) start = P::load(y + n * C + c, part);
        multiply_quads(column, P::load(x + n * C + c, part), start).store(y + n * C + c, part);
        column += quad * P::lanes;
      });
    }
  });
}

// dW of the blocks of the channels [begin, end): row o of the blocks of a pack is
// Σ_rows spread_o(dy) ⊙ x. Rows come in groups that stay in the cache while the packs take turns.
template <class Real>
void add_quad_products(const BlockDiagonalBackward<Real>& a, std::int64_t begin, std::int64_t end) {
  using P = Pack<Real>;
  constexpr std::int64_t group = 256;
  const std::int64_t C = a.K * quad;
  for (std::int64_t top = 0; top < a.N; top += group) {
    for_packs<Real>(begin, end, [&](std::int64_t c, auto part) {
      P rows[quad];
      for (std::int64_t n = top; n < std::min(a.N, top + group); ++n) {
        const P dy = P::load(a.dy + n * C + c, part), x = P::load(a.x + n * C + c, part);
        rows[0] = fma(spread<0>(dy), x, rows[0]);
        rows[1] = fma(spread<1>(dy), x, rows[1]);
        rows[2] = fma(spread<2>(dy), x, rows[2]);
        rows[3] = fma(spread<3>(dy), x, rows[3]);
      }
      for (std::int64_t o = 0; o < quad; ++o) {
        Real values[P::lanes];
        rows[o].store(values);
        for (std::int64_t lane = 0; lane < std::min(P::lanes, end - c); ++lane) {
          const std::int64_t block = (c + lane) / quad, i = (c + lane) % quad;
          a.dweight[(block * quad + o) * quad + i] += values[lane];
        }
      }
    });
  }
}

constexpr std::int64_t row_chunk = 256;  // rows of a large block's product that a thread takes

// to (rows, O) of one block, = or += from (rows, I) matrix (I, O), rows of all blocks stride apart.
template <class Real>
Product<Real> block_product(std::int64_t rows, std::int64_t in, std::int64_t out,
                            std::int64_t blocks, const Real* from, const Real* matrix, Real* to) {
  return {.M = rows,
          .N = out,
          .K = in,
          .a = from,
          .a_row = blocks * in,
          .a_column = 1,
          .b = matrix,
          .b_row = out,
          .c = to,
          .c_row = blocks * out};
}

// Calls body(k, first, count) for every block and chunk of rows.
template <class Body>
void for_block_rows(std::int64_t K, std::int64_t N, const Body& body) {
  const std::int64_t chunks = (N + row_chunk - 1) / row_chunk;
  parallel_for(K * chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % chunks * row_chunk;
      body(i / chunks, first, std::min(row_chunk, N - first));
    }
  });
}

// Few rows do not repay the transposing of the blocks: dot products with their rows as they lie.
template <class Real>
void forward_few(const BlockDiagonalForward<Real>& a) {
  constexpr std::int64_t height = 32;  // outputs of a block that a thread takes at a time
  const std::int64_t parts = (a.O + height - 1) / height;
  parallel_for(
      a.K * parts, grain_for(height * a.I * a.N), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t k = i / parts, first = i % parts * height;
          const Real* const bias = a.bias == nullptr ? nullptr : a.bias + k * a.O;
          multiply_lanes<4>(
              a.x + k * a.I, a.K * a.I, a.N, Factor<Real>{a.weight + k * a.O * a.I, a.I, 1}, first,
              std::min(a.O, first + height), a.I, [&](std::int64_t n, std::int64_t o, Real dot) {
                a.y[(n * a.K + k) * a.O + o] = bias == nullptr ? dot : dot + bias[o];
              });
        }
      });
}

template <class Real>
void forward_large(const BlockDiagonalForward<Real>& a) {
  const Scratch<Real> transposed(a.K * a.I * a.O);
  for (std::int64_t k = 0; k < a.K; ++k) {
    transpose(a.weight + k * a.O * a.I, a.I, a.O, a.I, transposed.data() + k * a.I * a.O, a.O);
  }
  for_block_rows(a.K, a.N, [&](std::int64_t k, std::int64_t first, std::int64_t count) {
    auto product = block_product(count, a.I, a.O, a.K, a.x + (first * a.K + k) * a.I,
                                 transposed.data() + k * a.I * a.O, a.y + (first * a.K + k) * a.O);
    product.bias = a.bias == nullptr ? nullptr : a.bias + k * a.O;
    multiply(product);
  });
}

template <class Real>
void backward_input_large(const BlockDiagonalBackward<Real>& a) {
  for_block_rows(a.K, a.N, [&](std::int64_t k, std::int64_t first, std::int64_t count) {
    auto product = block_product(count, a.O, a.I, a.K, a.dy + (first * a.K + k) * a.O,
                                 a.weight + k * a.O * a.I, a.dx + (first * a.K + k) * a.I);
    product.accumulate = true;
    multiply(product);
  });
}

template <class Real>
void backward_weight_large(const BlockDiagonalBackward<Real>& a) {
  constexpr std::int64_t height = 4 * tile_rows;
  const std::int64_t parts = (a.O + height - 1) / height;
  parallel_for(a.K * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t k = part / parts, o = part % parts * height;
      for (std::int64_t n = 0; n < a.N; n += row_chunk) {
        multiply(Product<Real>{.M = std::min(height, a.O - o),
                               .N = a.I,
                               .K = std::min(row_chunk, a.N - n),
                               .a = a.dy + (n * a.K + k) * a.O + o,
                               .a_row = 1,
                               .a_column = a.K * a.O,
                               .b = a.x + (n * a.K + k) * a.I,
                               .b_row = a.K * a.I,
                               .c = a.dweight + (k * a.O + o) * a.I,
                               .c_row = a.I,
                               .accumulate = true});
      }
    }
  });
}

}  // namespace

template <class Real>
void block_diagonal_forward(const BlockDiagonalForward<Real>& a) {
  constexpr std::int64_t few_rows = 16;
  if (a.O != quad || a.I != quad) return a.N <= few_rows ? forward_few(a) : forward_large(a);
  multiply_quad_rows<false>(a.weight, false, a.bias, a.x, a.y, a.N, a.K);
}

template <class Real>
void block_diagonal_backward(const BlockDiagonalBackward<Real>& a) {
  const bool quads = a.O == quad && a.I == quad;
  const Real* const no_bias = nullptr;
  if (a.dx != nullptr) {
    if (quads) {
      multiply_quad_rows<true>(a.weight, true, no_bias, a.dy, a.dx, a.N, a.K);
    } else {
      backward_input_large(a);
    }
  }
  if (a.dweight != nullptr) {
    if (quads) {
      parallel_for(a.K * quad, 128,
                   [&](std::int64_t begin, std::int64_t end) { add_quad_products(a, begin, end); });
    } else {
      backward_weight_large(a);
    }
  }
}

template void block_diagonal_forward(const BlockDiagonalForward<float>&);
template void block_diagonal_forward(const BlockDiagonalForward<double>&);
template void block_diagonal_backward(const BlockDiagonalBackward<float>&);
template void block_diagonal_backward(const BlockDiagonalBackward<double>&);

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
