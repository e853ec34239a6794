#include "examples/language_model/trainer.h"

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "core/error.h"
#include "ops/cross_entropy.h"

namespace carousel::program {

namespace {

template <class Real>
bool finite(const Tensor<Real>& tensor) {
  const Tensor<Real> on_host = tensor.to(Device::cpu);
  const auto values = on_host.values();
  return std::all_of(values.begin(), values.end(), [](Real x) { return std::isfinite(x); });
}

}  // namespace

template <class Real>
Trainer<Real>::Trainer(const LanguageModel<Real>& model, const AdamWOptions& adamw,
                       const Schedule& schedule, double grad_clip, std::uint64_t seed)
    : model_(model),
      parameters_(parameters<Real>(model)),
      adamw_(parameters_, adamw),
      schedule_(schedule),
      grad_clip_(grad_clip),
      dropout_(Random{seed}.named("dropout")) {}

template <class Real>
StepResult Trainer<Real>::step(std::int64_t k, const Batch& batch) {
  const Tensor<Real> loss_there = run_backward(k, batch);
  adamw_.clip_gradients(grad_clip_);
  // All but the update is under way: here the host waits for the device, once a step.
  const double loss = static_cast<double>(loss_there.item()), norm = adamw_.gradient_norm();
  if (!std::isfinite(loss)) {
    adamw_.clear_gradients();
    report(k, "loss", loss);
  }
  if (!std::isfinite(norm)) report(k, "gradient norm", norm);
  const double rate = learning_rate(schedule_, k);
  adamw_.step(rate);
  adamw_.clear_gradients();
  return {loss, norm, rate};
}

template <class Real>
Tensor<Real> Trainer<Real>::run_backward(std::int64_t k, const Batch& batch) {
  const Device device = model_.token_embedding.weight.device();
  const auto inputs = batch.inputs.to(device), targets = batch.targets.to(device);
  Tape tape;
  const CallOptions options{.dropout = dropout_.named(fmt::format("step {}", k))};
  const Var<Real> loss =
      cross_entropy(model_(inputs, {}, options).logits, targets, targets.numel());
  tape.backward(loss);
  return loss.value;
}

template <class Real>
std::pair<std::string, double> Trainer<Real>::largest_parameter() const {
  std::pair<std::string, double> largest;
  for (const auto& [name, var] : parameters_) {
    const Tensor<Real> on_host = var.value.to(Device::cpu);
    for (const Real value : on_host.values()) {
      const double size = std::abs(static_cast<double>(value));
      if (size > largest.second) largest = {name, size};
    }
  }
  return largest;
}

// Where the first bad number is: a parameter that an earlier step spoiled, a gradient, or neither,
// and then it is the loss itself that overflowed.
template <class Real>
void Trainer<Real>::report(std::int64_t k, const char* what, double value) const {
  value = std::abs(value);  // no one needs to know the sign of a NaN
  for (const auto& [name, var] : parameters_) {
    if (!finite(var.value)) {
      fail("train: step {}: the {} is {}, and the first parameter that is not finite is {}", k + 1,
           what, value, name);
    }
  }
  const std::string gradient = adamw_.first_nonfinite_gradient();
  if (!gradient.empty()) {
    fail("train: step {}: the {} is {}, and the first gradient that is not finite is that of {}",
         k + 1, what, value, gradient);
  }
  const auto [largest, size] = largest_parameter();
  fail(
      "train: step {}: the {} is {}; the parameters are finite, but what is computed from them is "
      "not: the largest, {:.3g}, is in {}",
      k + 1, what, value, size, largest);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace carousel::program
