#include "ops/dropout.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Var<Real> dropout(const Var<Real>& x, double probability, const DropoutStream& stream) {
  CAROUSEL_CHECK(x.defined(), "dropout: x is undefined, want a tensor");
  CAROUSEL_CHECK(probability >= 0 && probability < 1, "dropout: probability got {}, want [0, 1)",
                 probability);
  if (probability == 0) return x;
  const auto& [random, step] = stream;
  CAROUSEL_CHECK(!step.defined() || (step.numel() == 1 && step.device() == x.device()),
                 "dropout: step has shape {} on device {}, want one number on {}", step.shape(),
                 name(step.device()), name(x.device()));

  const auto& k = kernels_for("dropout", x);
  auto y = Tensor<Real>::zeros(x.shape(), x.device());
  k.dropout({
      .x = x.data(),
      .y = y.mutable_data(),
      .N = x.numel(),
      .probability = probability,
      .random = random,
      .step = step.data(),
  });

  const auto backward = [&] {
    return [&k, probability, stream,                // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      k.dropout({
          .x = dy.data(),
          .y = into(dx),
          .N = dy.numel(),
          .probability = probability,
          .random = stream.random,
          .step = stream.step.data(),
      });
    };
  };
  return record("dropout", y, {x}, backward);
}

template Var<float> dropout(const Var<float>&, double, const DropoutStream&);
template Var<double> dropout(const Var<double>&, double, const DropoutStream&);
template Var<bf16> dropout(const Var<bf16>&, double, const DropoutStream&);

}  // namespace carousel
