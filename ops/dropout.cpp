#include "ops/dropout.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Var<Real> dropout(const Var<Real>& x, double probability, Random random) {
  CAROUSEL_CHECK(x.defined(), "dropout: x is undefined, want a tensor");
  CAROUSEL_CHECK(probability >= 0 && probability < 1, "dropout: probability got {}, want [0, 1)",
                 probability);
  if (probability == 0) return x;

  const auto& k = kernels_for("dropout", x);
  auto y = Tensor<Real>::zeros(x.shape(), x.device());
  k.dropout({
      .x = x.data(),
      .y = y.mutable_data(),
      .N = x.numel(),
      .probability = probability,
      .random = random,
  });

  auto backward = [&k, probability, random,                // saved
                   dx = x.grad](const Tensor<Real>& dy) {  // wanted
    k.dropout({
        .x = dy.data(),
        .y = into(dx),
        .N = dy.numel(),
        .probability = probability,
        .random = random,
    });
  };
  return record("dropout", y, {x}, backward);
}

template Var<float> dropout(const Var<float>&, double, Random);
template Var<double> dropout(const Var<double>&, double, Random);
template Var<bf16> dropout(const Var<bf16>&, double, Random);

}  // namespace carousel
