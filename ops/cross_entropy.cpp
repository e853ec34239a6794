#include "ops/cross_entropy.h"

#include <algorithm>

#include "autograd/record.h"
#include "kernels/kernels.h"

namespace carousel {

namespace {

// The number of targets that count. Throws Error for one that is no class.
std::int64_t count_targets(const Tensor<std::int32_t>& targets, std::int64_t V) {
  std::int64_t counted = 0;
  for (std::int64_t n = 0; n < targets.numel(); ++n) {
    const std::int32_t target = targets.data()[n];
    CAROUSEL_CHECK(target < V, "cross_entropy: target {} at position {} of shape {}, want below {}",
                   target, n, targets.shape(), V);
    if (target >= 0) ++counted;
  }
  return counted;
}

}  // namespace

template <class Real>
Var<Real> cross_entropy(const Var<Real>& logits, const Tensor<std::int32_t>& targets) {
  CAROUSEL_CHECK(logits.rank() >= 1, "cross_entropy: logits have shape {}, want (…, V)",
                 logits.shape());
  const auto V = logits.dim(-1), N = logits.shape().outer(-1);
  CAROUSEL_CHECK(
      targets.rank() == logits.rank() - 1 && targets.defined() &&
          std::equal(targets.shape().begin(), targets.shape().end(), logits.shape().begin()),
      "cross_entropy: targets have shape {}, want that of the logits {} less the last axis",
      targets.shape(), logits.shape());
  const auto counted = count_targets(targets, V);
  CAROUSEL_CHECK(counted > 0, "cross_entropy: every one of {} targets is ignored, want one ≥ 0", N);

  const auto& k = kernels<Real>(logits.device());
  Tensor<Real> loss(Shape{}, logits.device());
  Tensor<Real> max({N}, logits.device()), log_sum({N}, logits.device());
  k.cross_entropy_forward({
      .logits = logits.data(),
      .targets = targets.data(),
      .max = max.mutable_data(),
      .log_sum = log_sum.mutable_data(),
      .loss = loss.mutable_data(),
      .N = N,
      .V = V,
      .counted = counted,
  });

  auto backward = [&k, logits = logits.value, targets, max, log_sum, N, V, counted,  // saved
                   dlogits = logits.grad](const Tensor<Real>& dloss) {               // wanted
    k.cross_entropy_backward({
        .dloss = dloss.data(),
        .logits = logits.data(),
        .targets = targets.data(),
        .max = max.data(),
        .log_sum = log_sum.data(),
        .dlogits = into(dlogits),
        .N = N,
        .V = V,
        .counted = counted,
    });
  };
  return record("cross_entropy", loss, {logits}, backward);
}

template Var<float> cross_entropy(const Var<float>&, const Tensor<std::int32_t>&);
template Var<double> cross_entropy(const Var<double>&, const Tensor<std::int32_t>&);

}  // namespace carousel
