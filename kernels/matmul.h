// Matrix products.
#pragma once

#include <cstdint>

namespace carousel {

// c = op(a) op(b) + bias for every matrix of a batch, or c += when accumulate.
// The backward passes of matmul and linear are calls of the same kernel.
template <class Real>
struct MatMul {
  const Real* a;     // (batch, M, K), or (batch, K, M) when transpose_a
  const Real* b;     // (batch, K, N), or (batch, N, K) when transpose_b
  const Real* bias;  // (N)   null: none
  Real* c;           // (batch, M, N)
  std::int64_t batch, M, N, K;
  bool transpose_a, transpose_b;
  bool accumulate;
};

}  // namespace carousel
