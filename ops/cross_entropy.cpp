#include "ops/cross_entropy.h"

#include <algorithm>

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

void check_shapes(const Shape& logits, const Tensor<std::int32_t>& targets) {
  CAROUSEL_CHECK(logits.rank() >= 1, "cross_entropy: logits have shape {}, want (…, V)", logits);
  CAROUSEL_CHECK(targets.defined() && targets.rank() == logits.rank() - 1 &&
                     std::equal(targets.shape().begin(), targets.shape().end(), logits.begin()),
                 "cross_entropy: targets have shape {}, want that of the logits {} less the last "
                 "axis",
                 targets.shape(), logits);
}

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

// What the kernel finds.
template <class Real>
struct Losses {
  Tensor<Real> max, log_sum;  // (N), of which backward makes the softmax
  Tensor<Real> each;          // shape of the targets
  Tensor<Real> mean;          // []
};

template <class Real>
Losses<Real> run_forward(const Kernels<Real>& k, const Tensor<Real>& logits,
                         const Tensor<std::int32_t>& targets, std::int64_t counted) {
  const Device device = logits.device();
  const std::int64_t N = targets.numel();
  Losses<Real> result{Tensor<Real>({N}, device), Tensor<Real>({N}, device),
                      Tensor<Real>(targets.shape(), device), Tensor<Real>(Shape{}, device)};
  k.cross_entropy_forward({
      .logits = logits.data(),
      .targets = targets.data(),
      .max = result.max.mutable_data(),
      .log_sum = result.log_sum.mutable_data(),
      .losses = result.each.mutable_data(),
      .loss = result.mean.mutable_data(),
      .N = N,
      .V = logits.dim(-1),
      .counted = counted,
  });
  return result;
}

}  // namespace

template <class Real>
Var<Real> cross_entropy(const Var<Real>& logits, const Tensor<std::int32_t>& targets_,
                        std::int64_t count) {
  check_shapes(logits.shape(), targets_);
  const auto V = logits.dim(-1), N = targets_.numel();
  const std::int64_t counted = checked_count(targets_, V, count);
  const auto targets = targets_.to(logits.device());

  const auto& k = kernels_for("cross_entropy", logits);
  const Losses<Real> found = run_forward(k, logits.value, targets, counted);

  const auto backward = [&] {
    return [&k, logits = logits.value, targets, max = found.max,  // saved
            log_sum = found.log_sum, N, V, counted,               // saved
            dlogits = logits.grad](const Tensor<Real>& dloss) {   // wanted
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
  };
  return record("cross_entropy", found.mean, {logits}, backward);
}

template <class Real>
Tensor<Real> cross_entropy_of_each(const Tensor<Real>& logits,
                                   const Tensor<std::int32_t>& targets) {
  check_shapes(logits.shape(), targets);
  const std::int64_t counted = count_targets(targets, logits.dim(-1));
  const Device device = logits.device();
  // Of nothing, the kernel's mean is 0, and nobody sees it.
  return run_forward(kernels<Real>(device), logits, targets.to(device),
                     std::max<std::int64_t>(counted, 1))
      .each;
}

template Var<float> cross_entropy(const Var<float>&, const Tensor<std::int32_t>&, std::int64_t);
template Var<double> cross_entropy(const Var<double>&, const Tensor<std::int32_t>&, std::int64_t);
template Tensor<float> cross_entropy_of_each(const Tensor<float>&, const Tensor<std::int32_t>&);
template Tensor<double> cross_entropy_of_each(const Tensor<double>&, const Tensor<std::int32_t>&);

}  // namespace carousel
