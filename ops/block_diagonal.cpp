#include "ops/block_diagonal.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Var<Real> block_diagonal(const Var<Real>& x, const Var<Wide<Real>>& weight,
                         const Var<Wide<Real>>& bias) {
  CAROUSEL_CHECK(weight.defined() && weight.rank() == 3 && weight.numel() > 0,
                 "block_diagonal: weight has shape {}, want (blocks, outputs, inputs)",
                 weight.shape());
  const auto K = weight.dim(0), O = weight.dim(1), I = weight.dim(2);
  CAROUSEL_CHECK(x.defined() && x.rank() >= 1 && x.dim(-1) == K * I,
                 "block_diagonal: x has shape {}, want {} channels: {} blocks of {}", x.shape(),
                 K * I, K, I);
  CAROUSEL_CHECK(!bias.defined() || bias.shape() == Shape{K * O},
                 "block_diagonal: bias has shape {}, want [{}]", bias.shape(), K * O);
  const auto N = x.numel() / (K * I);

  const auto& k = kernels_for("block_diagonal", x, weight, bias);
  Tensor<Real> y(x.shape().with(-1, K * O), x.device());
  k.block_diagonal_forward({
      .x = x.data(),
      .weight = weight.data(),
      .bias = bias.data(),
      .y = y.mutable_data(),
      .N = N,
      .K = K,
      .O = O,
      .I = I,
  });

  const auto backward = [&] {
    return [&k, x = x.value, weight = weight.value, N, K, O, I,      // saved
            dx = x.grad, dweight = weight.grad, dbias = bias.grad](  // wanted
               const Tensor<Real>& dy) {
      k.block_diagonal_backward({
          .dy = dy.data(),
          .x = x.data(),
          .weight = weight.data(),
          .dx = into(dx),
          .dweight = into(dweight),
          .N = N,
          .K = K,
          .O = O,
          .I = I,
      });
      k.reduce_sum(
          {.x = dy.data(), .y = into(dbias), .outer = 1, .n = N, .inner = K * O, .factor = 1});
    };
  };
  return record("block_diagonal", y, {x, weight, bias}, backward);
}

template Var<float> block_diagonal(const Var<float>&, const Var<float>&, const Var<float>&);
template Var<double> block_diagonal(const Var<double>&, const Var<double>&, const Var<double>&);
template Var<bf16> block_diagonal(const Var<bf16>&, const Var<float>&, const Var<float>&);

}  // namespace carousel
