#include "ops/layer_norm.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
void check_norm(const char* op, const Var<Real>& x, const Var<Wide<Real>>& weight,
                const Var<Wide<Real>>& bias, const NormOptions& options) {
  CAROUSEL_CHECK(x.defined() && x.rank() >= 1, "{}: x has shape {}, want at least one axis", op,
                 x.shape());
  const auto channels = x.dim(-1), groups = options.groups;
  CAROUSEL_CHECK(groups >= 1 && channels >= 1 && channels % groups == 0,
                 "{}: x has {} channels, want a multiple of {} groups", op, channels, groups);
  CAROUSEL_CHECK(!weight.defined() || weight.shape() == Shape{channels},
                 "{}: weight has shape {}, want [{}]", op, weight.shape(), channels);
  CAROUSEL_CHECK(!bias.defined() || bias.shape() == Shape{channels},
                 "{}: bias has shape {}, want [{}]", op, bias.shape(), channels);
}

template <class Real>
Var<Real> layer_norm(const Var<Real>& x, const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias,
                     const NormOptions& options) {
  check_norm("layer_norm", x, weight, bias, options);
  const auto channels = x.dim(-1), G = options.groups;
  const auto C = channels / G, N = x.numel() / channels;
  const double weight_offset = options.residual_weight ? 1 : 0;

  const auto& k = kernels_for("layer_norm", x, weight, bias);
  Tensor<Real> y(x.shape(), x.device());
  Tensor<Wide<Real>> mean({N, G}, x.device()), rstd({N, G}, x.device());
  k.layer_norm_forward({
      .x = x.data(),
      .weight = weight.data(),
      .bias = bias.data(),
      .y = y.mutable_data(),
      .mean = mean.mutable_data(),
      .rstd = rstd.mutable_data(),
      .N = N,
      .G = G,
      .C = C,
      .eps = options.eps,
      .weight_offset = weight_offset,
  });

  const auto backward = [&] {
    return [&k, x = x.value, weight = weight.value, mean, rstd, N, G, C,  // saved
            weight_offset, dx = x.grad, dweight = weight.grad,            // wanted
            dbias = bias.grad](const Tensor<Real>& dy) {
      k.layer_norm_backward({
          .dy = dy.data(),
          .x = x.data(),
          .weight = weight.data(),
          .mean = mean.data(),
          .rstd = rstd.data(),
          .dx = into(dx),
          .dweight = into(dweight),
          .dbias = into(dbias),
          .N = N,
          .G = G,
          .C = C,
          .weight_offset = weight_offset,
      });
    };
  };
  return record("layer_norm", y, {x, weight, bias}, backward);
}

template <class Real>
AddLayerNormResult<Real> add_layer_norm(const Var<Real>& x, const Var<Real>& branch,
                                        const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias,
                                        const NormOptions& options) {
  check_norm("add_layer_norm", x, weight, bias, options);
  CAROUSEL_CHECK(branch.defined() && branch.shape() == x.shape(),
                 "add_layer_norm: x has shape {} and branch {}, want the same", x.shape(),
                 branch.shape());
  const auto channels = x.dim(-1), G = options.groups;
  const auto C = channels / G, N = x.numel() / channels;
  const double weight_offset = options.residual_weight ? 1 : 0;

  const auto& k = kernels_for("add_layer_norm", x, branch, weight, bias);
  Tensor<Real> sum(x.shape(), x.device()), y(x.shape(), x.device());
  Tensor<Wide<Real>> mean({N, G}, x.device()), rstd({N, G}, x.device());
  k.layer_norm_forward({
      .x = x.data(),
      .weight = weight.data(),
      .bias = bias.data(),
      .y = y.mutable_data(),
      .mean = mean.mutable_data(),
      .rstd = rstd.mutable_data(),
      .N = N,
      .G = G,
      .C = C,
      .eps = options.eps,
      .weight_offset = weight_offset,
      .branch = branch.data(),
      .sum = sum.mutable_data(),
  });

  const auto backward = [&] {
    return [&k, sum, weight = weight.value, mean, rstd, N, G, C, weight_offset,  // saved
            dx = x.grad, dbranch = branch.grad, dweight = weight.grad,           // wanted
            dbias = bias.grad](const Tensor<Real>& dsum, const Tensor<Real>& dy) {
      k.layer_norm_backward({
          .dy = dy.data(),
          .x = sum.data(),
          .weight = weight.data(),
          .mean = mean.data(),
          .rstd = rstd.data(),
          .dx = into(dx),
          .dweight = into(dweight),
          .dbias = into(dbias),
          .N = N,
          .G = G,
          .C = C,
          .weight_offset = weight_offset,
          .dsum = dsum.data(),
          .dbranch = into(dbranch),
      });
    };
  };
  const auto [added, normed] =
      record("add_layer_norm", std::tuple{sum, y}, {x, branch, weight, bias}, backward);
  return {added, normed};
}

#define CAROUSEL_INSTANTIATE(Real)                                                                 \
  template void check_norm(const char*, const Var<Real>&, const Var<Wide<Real>>&,                  \
                           const Var<Wide<Real>>&, const NormOptions&);                            \
  template Var<Real> layer_norm(const Var<Real>&, const Var<Wide<Real>>&, const Var<Wide<Real>>&,  \
                                const NormOptions&);                                               \
  template AddLayerNormResult<Real> add_layer_norm(const Var<Real>&, const Var<Real>&,             \
                                                   const Var<Wide<Real>>&, const Var<Wide<Real>>&, \
                                                   const NormOptions&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
