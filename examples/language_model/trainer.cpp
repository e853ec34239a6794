#include "examples/language_model/trainer.h"

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "core/error.h"
#include "ops/arithmetic.h"
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
      parameters_(parameters<Wide<Real>>(model)),
      adamw_(parameters_, adamw),
      schedule_(schedule),
      grad_clip_(grad_clip),
      dropout_(Random{seed}.named("dropout")) {}

template <class Real>
StepResult Trainer<Real>::step(std::int64_t k, std::span<const Batch> batches,
                               std::span<ModelState<Wide<Real>>> carried) {
  const double loss = accumulate(k, batches, carried);
  if (!std::isfinite(loss)) report(k, "loss", loss);
  adamw_.clip_gradients(grad_clip_);
  const double norm = adamw_.gradient_norm();
  if (!std::isfinite(norm)) report(k, "gradient norm", norm);
  const double rate = learning_rate(schedule_, k);
  adamw_.step(rate);
  adamw_.clear_gradients();
  return {loss, norm, rate};
}

template <class Real>
double Trainer<Real>::accumulate(std::int64_t k, std::span<const Batch> batches,
                                 std::span<ModelState<Wide<Real>>> carried) {
  std::int64_t all = 0;
  for (const Batch& batch : batches) all += batch.predicted();
  CAROUSEL_CHECK(all > 0, "train: step {}: there is nothing to predict in its tokens", k + 1);
  const Random dropout = dropout_.named(fmt::format("step {}", k));
  double loss = 0;
  for (std::size_t i = 0; i < batches.size() && std::isfinite(loss); ++i) {
    const double weight = static_cast<double>(batches[i].predicted()) / static_cast<double>(all);
    ModelState<Wide<Real>> fresh;
    loss += run_backward(dropout.named(fmt::format("batch {}", i)), batches[i], weight,
                         carried.empty() ? fresh : carried[i]);
  }
  return loss;
}

// Weight times the loss of one batch, whose gradient it adds.
template <class Real>
double Trainer<Real>::run_backward(Random dropout, const Batch& batch, double weight,
                                   ModelState<Wide<Real>>& state) {
  Tape tape;
  auto output = model_(batch.inputs, state, {.reset = batch.reset, .dropout = dropout});
  state = detach(output.state);
  if (weight == 0) return 0;
  const auto loss = cross_entropy(output.logits, batch.targets);
  const double value = static_cast<double>(loss.value.item());
  if (std::isfinite(value)) tape.backward(weight == 1 ? loss : scale(loss, weight));
  return weight * value;
}

template <class Real>
std::pair<std::string, double> Trainer<Real>::largest_parameter() const {
  std::pair<std::string, double> largest;
  for (const auto& [name, var] : parameters_) {
    const auto on_host = var.value.to(Device::cpu);
    for (const Wide<Real> value : on_host.values()) {
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
template class Trainer<bf16>;

}  // namespace carousel::program
