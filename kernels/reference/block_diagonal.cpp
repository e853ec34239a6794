// Per row and block, with W the block's (O, I) matrix:
//
//   y = W x + bias
//   dx = Wᵀ dy        dW = Σ_rows dy xᵀ

#include "kernels/block_diagonal.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

// y (M) += A x with A given by columns: columns (N, M), x (N). The inner loop runs along memory.
template <class Real>
void add_product(std::int64_t M, std::int64_t N, const Real* columns, const Real* x, Real* y) {
  for (std::int64_t n = 0; n < N; ++n) {
    const Real* const column = columns + n * M;
    const Real scale = x[n];
#pragma omp simd
    for (std::int64_t m = 0; m < M; ++m) y[m] += scale * column[m];
  }
}

// Every block transposed: (K, I, O).
template <class Real>
std::vector<Real> transposed(const BlockDiagonalForward<Real>& a) {
  std::vector<Real> columns(static_cast<std::size_t>(a.K * a.O * a.I));
  for (std::int64_t k = 0; k < a.K; ++k) {
    const Real* const W = a.weight + k * a.O * a.I;
    Real* const to = columns.data() + k * a.O * a.I;
    for (std::int64_t o = 0; o < a.O; ++o) {
      for (std::int64_t i = 0; i < a.I; ++i) to[i * a.O + o] = W[o * a.I + i];
    }
  }
  return columns;
}

template <class Real>
void backward_input(const BlockDiagonalBackward<Real>& a) {
  parallel_for(a.N, grain_for(a.K * a.O * a.I), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      for (std::int64_t k = 0; k < a.K; ++k) {
        const std::int64_t block = n * a.K + k;
        add_product(a.I, a.O, a.weight + k * a.O * a.I, a.dy + block * a.O, a.dx + block * a.I);
      }
    }
  });
}

// dW of the blocks [first, last). Sums of 256 rows are added up, which keeps the rounding of long
// sums in single precision low.
template <class Real>
void backward_weight(const BlockDiagonalBackward<Real>& a, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t rows = 256;
  const std::int64_t size = a.O * a.I, begin = first * size;
  std::vector<Real> sum(static_cast<std::size_t>((last - first) * size));
  for (std::int64_t top = 0; top < a.N; top += rows) {
    std::fill(sum.begin(), sum.end(), Real{0});
    for (std::int64_t n = top; n < std::min(a.N, top + rows); ++n) {
      for (std::int64_t k = first; k < last; ++k) {
        const Real* const dy = a.dy + (n * a.K + k) * a.O;
        const Real* const x = a.x + (n * a.K + k) * a.I;
        Real* const dW = sum.data() + (k - first) * size;
        for (std::int64_t o = 0; o < a.O; ++o) add_product(a.I, 1, x, dy + o, dW + o * a.I);
      }
    }
    std::transform(sum.begin(), sum.end(), a.dweight + begin, a.dweight + begin, std::plus<>());
  }
}

}  // namespace

template <class Real>
void block_diagonal_forward(const BlockDiagonalForward<Real>& a) {
  const std::vector<Real> columns = transposed(a);
  parallel_for(a.N, grain_for(a.K * a.O * a.I), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      for (std::int64_t k = 0; k < a.K; ++k) {
        Real* const y = a.y + (n * a.K + k) * a.O;
        for (std::int64_t o = 0; o < a.O; ++o) {
          y[o] = a.bias == nullptr ? Real{0} : a.bias[k * a.O + o];
        }
        add_product(a.O, a.I, columns.data() + k * a.O * a.I, a.x + (n * a.K + k) * a.I, y);
      }
    }
  });
}

template <class Real>
void block_diagonal_backward(const BlockDiagonalBackward<Real>& a) {
  if (a.dx != nullptr) backward_input(a);
  if (a.dweight != nullptr) {
    // Small blocks go together, so that a task reads whole cache lines of x and dy.
    const std::int64_t grain = std::max(grain_for(a.N * a.O * a.I), 64 / a.I);
    parallel_for(a.K, grain,
                 [&](std::int64_t begin, std::int64_t end) { backward_weight(a, begin, end); });
  }
}

template void block_diagonal_forward(const BlockDiagonalForward<float>&);
template void block_diagonal_forward(const BlockDiagonalForward<double>&);
template void block_diagonal_backward(const BlockDiagonalBackward<float>&);
template void block_diagonal_backward(const BlockDiagonalBackward<double>&);

}  // namespace carousel::reference
