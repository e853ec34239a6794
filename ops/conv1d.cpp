#include "ops/conv1d.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Conv1dResult<Real> causal_conv1d(const Var<Real>& x, const Var<Wide<Real>>& weight,
                                 const Var<Wide<Real>>& bias, const Var<Wide<Real>>& state,
                                 const Tensor<std::int32_t>& reset) {
  CAROUSEL_CHECK(x.defined() && x.rank() == 3 && x.dim(1) >= 1 && x.dim(2) >= 1,
                 "causal_conv1d: x has shape {}, want (B, S, C) with at least one step", x.shape());
  const auto B = x.dim(0), S = x.dim(1), C = x.dim(2);
  CAROUSEL_CHECK(weight.defined() && weight.rank() == 3 && weight.dim(2) >= 1 &&
                     weight.shape() == Shape({C, 1, weight.dim(2)}),
                 "causal_conv1d: weight has shape {}, want [{}, 1, kernel size]", weight.shape(),
                 C);
  const auto KS = weight.dim(2);
  CAROUSEL_CHECK(!bias.defined() || bias.shape() == Shape{C},
                 "causal_conv1d: bias has shape {}, want [{}]", bias.shape(), C);
  CAROUSEL_CHECK(!state.defined() || state.shape() == Shape({B, KS - 1, C}),
                 "causal_conv1d: state has shape {}, want [{}, {}, {}]", state.shape(), B, KS - 1,
                 C);
  CAROUSEL_CHECK(!reset.defined() || reset.shape() == Shape({B, S}),
                 "causal_conv1d: reset has shape {}, want [{}, {}]", reset.shape(), B, S);

  const auto& k = kernels_for("causal_conv1d", x, weight, bias, state);
  const auto there = reset.to(x.device());
  Tensor<Real> y(x.shape(), x.device());
  Tensor<Wide<Real>> last({B, KS - 1, C}, x.device());
  k.conv1d_forward({
      .x = x.data(),
      .weight = weight.data(),
      .bias = bias.data(),
      .state = state.data(),
      .reset = there.data(),
      .y = y.mutable_data(),
      .last = last.mutable_data(),
      .B = B,
      .S = S,
      .C = C,
      .KS = KS,
  });

  const auto backward = [&] {
    return [&k, x = x.value, weight = weight.value, state = state.value,
            reset = there,                                          // saved
            B, S, C, KS,                                            // saved
            dx = x.grad, dweight = weight.grad, dbias = bias.grad,  // wanted
            dstate = state.grad](                                   // wanted
               const Tensor<Real>& dy, const Tensor<Wide<Real>>& dlast) {
      k.conv1d_backward({
          .dy = dy.data(),
          .dlast = dlast.data(),
          .x = x.data(),
          .weight = weight.data(),
          .state = state.data(),
          .reset = reset.data(),
          .dx = into(dx),
          .dweight = into(dweight),
          .dstate = into(dstate),
          .B = B,
          .S = S,
          .C = C,
          .KS = KS,
      });
      k.reduce_sum(
          {.x = dy.data(), .y = into(dbias), .outer = 1, .n = B * S, .inner = C, .factor = 1});
    };
  };
  const auto [result, after] =
      record("causal_conv1d", std::tuple{y, last}, {x, weight, bias, state}, backward);
  return {result, after};
}

template Conv1dResult<float> causal_conv1d(const Var<float>&, const Var<float>&, const Var<float>&,
                                           const Var<float>&, const Tensor<std::int32_t>&);
template Conv1dResult<double> causal_conv1d(const Var<double>&, const Var<double>&,
                                            const Var<double>&, const Var<double>&,
                                            const Tensor<std::int32_t>&);
template Conv1dResult<bf16> causal_conv1d(const Var<bf16>&, const Var<float>&, const Var<float>&,
                                          const Var<float>&, const Tensor<std::int32_t>&);

}  // namespace carousel
