#include "examples/bench/model_steps.h"

namespace carousel::bench {

carousel::Batch random_batch(std::int64_t B, std::int64_t S, std::int64_t vocab_size) {
  Tensor<std::int32_t> inputs({B, S}), targets({B, S});
  const Random random{.seed = 3};
  const auto token = [&](std::int64_t i) {
    return static_cast<std::int32_t>(
        random.below(static_cast<std::uint64_t>(vocab_size), static_cast<std::uint64_t>(i)));
  };
  for (std::int64_t i = 0; i < B * S; ++i) {
    inputs.mutable_data()[i] = token(i);
    targets.mutable_data()[i] = token(i + 1);
  }
  return {inputs, targets, {}};
}

template <class Real>
TrainingSteps<Real>::TrainingSteps(const LanguageModel<Real>& model, carousel::Batch batch,
                                   bool cuda_graph)
    : batch_(std::move(batch)),
      trainer_(model, {}, {.peak = learning_rate, .decay = Decay::constant}, /*grad_clip=*/1,
               /*seed=*/1, cuda_graph) {}

template <class Real>
double TrainingSteps<Real>::operator()() {
  return trainer_.step(done_++, {&batch_, 1}).loss;
}

template <class Real>
std::span<const Wide<Real>> DecodeSteps<Real>::operator()(std::int32_t token) {
  auto output = model_(Tensor<std::int32_t>::from({1, 1}, {token}), std::move(state_));
  state_ = std::move(output.state);
  logits_ = output.logits.value.to(Device::cpu);
  return std::as_const(logits_).values();
}

template class TrainingSteps<float>;
template class TrainingSteps<bf16>;
template class DecodeSteps<float>;
template class DecodeSteps<bf16>;

}  // namespace carousel::bench
