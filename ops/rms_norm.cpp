#include "ops/rms_norm.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Var<Real> rms_norm(const Var<Real>& x, const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias,
                   const NormOptions& options) {
  check_norm("rms_norm", x, weight, bias, options);
  const auto channels = x.dim(-1), G = options.groups;
  const auto C = channels / G, N = x.numel() / channels;
  const double weight_offset = options.residual_weight ? 1 : 0;

  const auto& k = kernels_for("rms_norm", x, weight, bias);
  Tensor<Real> y(x.shape(), x.device());
  Tensor<Wide<Real>> rrms({N, G}, x.device());
  k.rms_norm_forward({
      .x = x.data(),
      .weight = weight.data(),
      .bias = bias.data(),
      .y = y.mutable_data(),
      .rrms = rrms.mutable_data(),
      .N = N,
      .G = G,
      .C = C,
      .eps = options.eps,
      .weight_offset = weight_offset,
  });

  const auto backward = [&] {
    return [&k, x = x.value, weight = weight.value, rrms, N, G, C, weight_offset,  // saved
            dx = x.grad, dweight = weight.grad, dbias = bias.grad](                // wanted
               const Tensor<Real>& dy) {
      k.rms_norm_backward({
          .dy = dy.data(),
          .x = x.data(),
          .weight = weight.data(),
          .rrms = rrms.data(),
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
  return record("rms_norm", y, {x, weight, bias}, backward);
}

template Var<float> rms_norm(const Var<float>&, const Var<float>&, const Var<float>&,
                             const NormOptions&);
template Var<double> rms_norm(const Var<double>&, const Var<double>&, const Var<double>&,
                              const NormOptions&);
template Var<bf16> rms_norm(const Var<bf16>&, const Var<float>&, const Var<float>&,
                            const NormOptions&);

}  // namespace carousel
