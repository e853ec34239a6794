#include "ops/cross_entropy.h"

#include <algorithm>

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

// The number of targets that are not ignored. Throws Error for one that is no class.
std::int64_t count_targets(const Tensor<std::int32_t>& targets, std::int64_t V) {
  const auto values = targets.values();
  std::int64_t counted = 0;
  for (std::size_t n = 0; n < values.size(); ++n) {
    CAROUSEL_CHECK(values[n] < V,
                   "cross_entropy: target {} at position {} of shape {}, want below {}", values[n],
                   n, targets.shape(), V);
    if (values[n] >= 0) ++counted;
  }
  return counted;
}

// What the sum is divided by.
std::int64_t checked_count(const Tensor<std::int32_t>& targets, std::int64_t V,
                           std::int64_t count) {
  CAROUSEL_CHECK(count >= 0, "cross_entropy: count got {}, want at least 0", count);
  if (targets.device() != Device::cpu) {
    CAROUSEL_CHECK(count > 0,
                   "cross_entropy: targets are on device {} and count is 0, want the number to "
                   "divide their sum by",
                   name(targets.device()));
    return count;
  }
  const std::int64_t counted = count_targets(targets, V);
  CAROUSEL_CHECK(count + counted > 0,
                 "cross_entropy: every one of {} targets is ignored, want one ≥ 0",
                 targets.numel());
  return count > 0 ? count : counted;
}

}  // namespace

template <class Real>
Var<Real> cross_entropy(const Var<Real>& logits, const Tensor<std::int32_t>& targets_,
                        std::int64_t count) {
  CAROUSEL_CHECK(logits.rank() >= 1, "cross_entropy: logits have shape {}, want (…, V)",
                 logits.shape());
  const auto V = logits.dim(-1), N = logits.shape().outer(-1);
  CAROUSEL_CHECK(
      targets_.rank() == logits.rank() - 1 && targets_.defined() &&
          std::equal(targets_.shape().begin(), targets_.shape().end(), logits.shape().begin()),
      "cross_entropy: targets have shape {}, want that of the logits {} less the last axis",
      targets_.shape(), logits.shape());
  const std::int64_t counted = checked_count(targets_, V, count);
  const auto targets = targets_.to(logits.device());

  const auto& k = kernels_for("cross_entropy", logits);
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

template Var<float> cross_entropy(const Var<float>&, const Tensor<std::int32_t>&, std::int64_t);
template Var<double> cross_entropy(const Var<double>&, const Tensor<std::int32_t>&, std::int64_t);

}  // namespace carousel
