// CausalConv1d: a depthwise convolution that looks at the last KS positions.
#pragma once

#include <cmath>

#include "nn/init.h"
#include "ops/conv1d.h"

namespace carousel {

template <class Real>
struct CausalConv1d {
  Var<Wide<Real>> weight;  // (C, 1, KS)
  Var<Wide<Real>> bias;    // (C)

  // Both U(±1/√KS).
  CausalConv1d(const Init& init, std::int64_t channels, std::int64_t kernel_size)
      : weight(init["conv"]["weight"].uniform<Wide<Real>>({channels, 1, kernel_size},
                                                          bound(kernel_size))),
        bias(init["conv"]["bias"].uniform<Wide<Real>>({channels}, bound(kernel_size))) {}

  // x (B, S, C), state (B, KS − 1, C) or undefined, reset (B, S) or undefined.
  Conv1dResult<Real> operator()(const Var<Real>& x, const Var<Wide<Real>>& state,
                                const Tensor<std::int32_t>& reset) const {
    return causal_conv1d(x, weight, bias, state, reset);
  }

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("conv.weight", weight);
    v("conv.bias", bias);
  }

 private:
  static double bound(std::int64_t kernel_size) {
    return 1 / std::sqrt(static_cast<double>(kernel_size));
  }
};

}  // namespace carousel
