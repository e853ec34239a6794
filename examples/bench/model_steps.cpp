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

TrainingSteps::TrainingSteps(const LanguageModel<float>& model, carousel::Batch batch)
    : batch_(std::move(batch)),
      trainer_(model, {}, {.peak = learning_rate, .decay = Decay::constant}, /*grad_clip=*/1,
               /*seed=*/1) {}

double TrainingSteps::operator()() { return trainer_.step(done_++, {&batch_, 1}).loss; }

std::span<const float> DecodeSteps::operator()(std::int32_t token) {
  output_ = model_(Tensor<std::int32_t>::from({1, 1}, {token}), std::move(output_.state));
  return output_.logits.value.values();
}

}  // namespace carousel::bench
