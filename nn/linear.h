// Linear: y = x Wᵀ + b.
#pragma once

#include "nn/init.h"
#include "ops/linear.h"

namespace carousel {

template <class Real>
struct Linear {
  Var<Wide<Real>> weight;  // (out, in)
  Var<Wide<Real>> bias;    // (out), or undefined

  // Weights N(0, stddev²), the bias zeros.
  Linear(const Init& init, std::int64_t in, std::int64_t out, double stddev, bool with_bias)
      : weight(init["weight"].normal<Wide<Real>>({out, in}, stddev)),
        bias(with_bias ? constant<Wide<Real>>({out}, 0) : Var<Wide<Real>>()) {}

  // x (…, in) → (…, out)
  Var<Real> operator()(const Var<Real>& x) const { return linear(x, weight, bias); }

  // The same, not rounded to Real.
  Var<Wide<Real>> wide(const Var<Real>& x) const { return linear_wide(x, weight, bias); }

  // The same in parts: outputs by sizes, or inputs side by side, not rounded to Real.
  std::vector<Var<Real>> split(const Var<Real>& x, const std::vector<std::int64_t>& sizes) const {
    return linear_split(x, weight, bias, sizes);
  }
  Var<Wide<Real>> concat(const std::vector<Var<Real>>& parts) const {
    return linear_concat(parts, weight, bias);
  }

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("weight", weight);
    v("bias", bias);
  }
};

}  // namespace carousel
