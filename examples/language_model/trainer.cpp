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

// Calls f for every tensor of a state.
template <class State, class F>
void for_each_tensor(State& state, const F& f) {
  for (auto& block : state.blocks) {
    f(block.conv.value);
    for (auto& var : block.cell) f(var.value);
  }
}

template <class Real>
std::vector<const Real*> places(std::span<const ModelState<Real>> states) {
  std::vector<const Real*> result;
  for (const auto& state : states)
    for_each_tensor(state, [&](const Tensor<Real>& x) { result.push_back(x.data()); });
  return result;
}

// `to` becomes `from`: where it has tensors they stay in their places, which a recording knows.
template <class Real>
void pass_on(const ModelState<Real>& from, ModelState<Real>& to) {
  if (to.blocks.empty()) {
    to = from;
    return;
  }
  std::vector<Tensor<Real>> values;
  for_each_tensor(from, [&](const Tensor<Real>& x) { values.push_back(x); });
  auto value = values.begin();
  for_each_tensor(to, [&](Tensor<Real>& x) {
    if (value->defined()) x.copy_from(*value);
    ++value;
  });
}

}  // namespace

template <class Real>
Trainer<Real>::Trainer(const LanguageModel<Real>& model, const AdamWOptions& adamw,
                       const Schedule& schedule, double grad_clip, std::uint64_t seed,
                       bool cuda_graph)
    : model_(model),
      parameters_(parameters<Wide<Real>>(model)),
      adamw_(parameters_, adamw),
      schedule_(schedule),
      grad_clip_(grad_clip),
      dropout_(Random{seed}.named("dropout")),
      cuda_graph_(cuda_graph) {}

template <class Real>
StepResult Trainer<Real>::step(std::int64_t k, std::span<const Batch> batches,
                               std::span<ModelState<Wide<Real>>> carried,
                               const std::function<void()>& meanwhile) {
  stage(k, batches, carried);
  const double rate = learning_rate(schedule_, k);
  perform(rate, carried);
  if (meanwhile) meanwhile();
  const double norm = adamw_.gradient_norm();  // waits until all is done
  const double loss = total_loss();
  if (!std::isfinite(loss)) report(k, "loss", loss, "");
  if (!std::isfinite(norm)) report(k, "gradient norm", norm, adamw_.first_nonfinite_gradient());
  return {loss, norm, rate};
}

// Puts everything that the step depends on where the device fetches it.
template <class Real>
void Trainer<Real>::stage(std::int64_t k, std::span<const Batch> batches,
                          std::span<ModelState<Wide<Real>>> carried) {
  std::int64_t all = 0;
  for (const Batch& batch : batches) all += batch.predicted();
  CAROUSEL_CHECK(all > 0, "train: step {}: there is nothing to predict in its tokens", k + 1);

  const auto fits = [](const auto& staged, const Batch& batch) { return staged.fits(batch); };
  const auto lie = places<Wide<Real>>(carried);
  if (!std::ranges::equal(batches_, batches, fits) || lie != carried_from_) renew(batches);
  carried_from_ = lie;
  step_.host()[0] = static_cast<std::int32_t>(k);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    weights_[i] = static_cast<double>(batches[i].targets.numel()) / static_cast<double>(all);
    batches_[i].put(batches[i], weights_[i], model_.config.vocab_size);
  }
}

template <class Real>
void Trainer<Real>::renew(std::span<const Batch> batches) {
  const Device device = parameters_.front().var.device();
  step_ = Mirror<std::int32_t>({1}, device);
  losses_ = Mirror<Wide<Real>>({static_cast<std::int64_t>(batches.size())}, device);
  weights_.resize(batches.size());
  batches_.clear();
  for (const Batch& batch : batches) batches_.emplace_back(batch, device);
  recording_.reset();
  rehearsed_ = false;
  if (cuda_graph_ && device == Device::cuda) recording_ = std::make_unique<Recording>();
}

template <class Real>
void Trainer<Real>::perform(double rate, std::span<ModelState<Wide<Real>>> carried) {
  const auto whole_step = [&] {
    compute(carried);
    adamw_.prepare(rate);
    adamw_.update();
  };
  if (!recording_) return whole_step();
  if (!rehearsed_) {
    recording_->rehearse(whole_step);
    rehearsed_ = true;
    return;
  }
  if (!recording_->recorded()) {
    recording_->record([&] {
      compute(carried);
      adamw_.update();
    });
  }
  adamw_.prepare(rate);
  recording_->replay();
}

// Everything up to the update of the parameters.
template <class Real>
void Trainer<Real>::compute(std::span<ModelState<Wide<Real>>> carried) {
  adamw_.clear_gradients();
  step_.up();
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    ModelState<Wide<Real>> fresh;
    batches_[i].up();
    run_backward(i, carried.empty() ? fresh : carried[i]);
  }
  losses_.down();
  adamw_.clip_gradients(grad_clip_, losses_.there());
}

// The loss of batch i, per place, and the gradient of its share in that of the step.
template <class Real>
void Trainer<Real>::run_backward(std::size_t i, ModelState<Wide<Real>>& state) {
  const StagedBatch<Wide<Real>>& batch = batches_[i];
  ModelState<Wide<Real>> last;
  {
    Tape tape;
    const DropoutStream dropout(dropout_.named(fmt::format("batch {}", i)), step_.there());
    auto output = model_(batch.inputs(), state, {.reset = batch.reset(), .dropout = dropout});
    const auto loss = cross_entropy(output.logits, batch.targets(), batch.targets().numel());
    tape.backward<Wide<Real>>({&loss, 1}, {&batch.weight(), 1});
    copy_memory(losses_.there().mutable_data() + i, losses_.device(), loss.value.data(),
                loss.device(), sizeof(Wide<Real>));
    last = detach(output.state);
  }
  pass_on(last, state);
}

template <class Real>
double Trainer<Real>::total_loss() const {
  double sum = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i)
    sum += weights_[i] * static_cast<double>(losses_.host()[i]);
  return sum;
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
void Trainer<Real>::report(std::int64_t k, const char* what, double value,
                           const std::string& gradient) const {
  value = std::abs(value);  // no one needs to know the sign of a NaN
  for (const auto& [name, var] : parameters_) {
    if (!finite(var.value)) {
      fail("train: step {}: the {} is {}, and the first parameter that is not finite is {}", k + 1,
           what, value, name);
    }
  }
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
