// Embedding: one row of weights per token.
#pragma once

#include "nn/init.h"
#include "ops/embedding.h"

namespace carousel {

template <class Real>
struct Embedding {
  Var<Wide<Real>> weight;  // (V, d)

  Embedding(const Init& init, std::int64_t vocab_size, std::int64_t dim)
      : weight(init["weight"].normal<Wide<Real>>({vocab_size, dim}, small_init(dim))) {}

  // tokens (…) → (…, d). Throws Error for a token outside [0, V).
  Var<Real> operator()(const Tensor<std::int32_t>& tokens) const {
    return embedding<Real>(tokens, weight);
  }

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("weight", weight);
  }
};

}  // namespace carousel
