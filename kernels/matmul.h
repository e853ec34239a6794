// Matrix products.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

// c = op(a) op(b) + bias for every matrix of a batch, or c += when accumulate.
// The backward passes of matmul and linear are calls of the same kernel.
template <class Real, class Result>
struct MatMulInto {
  const Real* a;           // (batch, M, K), or (batch, K, M) when transpose_a
  const Real* b;           // (batch, K, N), or (batch, N, K) when transpose_b
  const Wide<Real>* bias;  // (N)   null: none
  Result* c;               // (batch, M, N)
  std::int64_t batch, M, N, K;
  bool transpose_a, transpose_b;
  bool accumulate;
};

template <class Real>
using MatMul = MatMulInto<Real, Real>;

// With a result that keeps its digits: gradients of weights, gates, logits.
template <class Real>
using WideMatMul = MatMulInto<Real, Wide<Real>>;

}  // namespace carousel
