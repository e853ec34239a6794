// Norms with a residual weight: the effective weight is 1 + weight, and weight starts at 0.
#pragma once

#include "nn/init.h"
#include "ops/layer_norm.h"

namespace carousel {

// The residual stream between two blocks: x + branch, a sum that the next norm forms.
template <class Real>
struct Residual {
  Var<Real> x;
  Var<Real> branch;  // undefined: none
};

// Layer norm over all channels, eps 1e-5, no bias.
template <class Real>
struct LayerNorm {
  Var<Wide<Real>> weight;  // (d)

  explicit LayerNorm(std::int64_t dim) : weight(constant<Wide<Real>>({dim}, 0)) {}

  Var<Real> operator()(const Var<Real>& x) const {
    return layer_norm(x, weight, {}, {.residual_weight = true});
  }

  // The sum and its norm.
  AddLayerNormResult<Real> operator()(const Residual<Real>& r) const {
    if (!r.branch.defined()) return {r.x, (*this)(r.x)};
    return add_layer_norm(r.x, r.branch, weight, {}, {.residual_weight = true});
  }

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("weight", weight);
  }
};

// Layer norm of each head on its own, a GroupNorm per token: eps 1e-5, no bias.
template <class Real>
struct MultiHeadLayerNorm {
  std::int64_t heads;
  Var<Wide<Real>> weight;  // (NH·DH), or undefined: no scale

  MultiHeadLayerNorm(std::int64_t num_heads, std::int64_t dim, bool with_weight)
      : heads(num_heads),
        weight(with_weight ? constant<Wide<Real>>({dim}, 0) : Var<Wide<Real>>()) {}

  // x (…, NH·DH)
  Var<Real> operator()(const Var<Real>& x) const {
    return layer_norm(x, weight, {}, {.groups = heads, .residual_weight = true});
  }

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("weight", weight);
  }
};

}  // namespace carousel
