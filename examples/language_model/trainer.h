// Trainer: one optimisation step after the other.
#pragma once

#include <string>
#include <utility>

#include "examples/language_model/batches.h"
#include "nn/adamw.h"
#include "nn/language_model.h"
#include "nn/schedule.h"

namespace carousel::program {

struct StepResult {
  double loss;           // before the step, mean over the batch's tokens, in nats
  double gradient_norm;  // before clipping
  double learning_rate;
};

template <class Real>
class Trainer {
 public:
  // grad_clip: the longest gradient to follow, 0 for any. seed: of the dropout masks.
  Trainer(const LanguageModel<Real>& model, const AdamWOptions& adamw, const Schedule& schedule,
          double grad_clip, std::uint64_t seed);

  // Step k = 0, 1, … of the schedule, on the model's device. The batch holds tokens of the model's
  // vocabulary, which nobody checks again once they are on another device than the cpu. Throws
  // Error when the loss or the gradient is not finite, and says where: the parameters are then as
  // they were.
  StepResult step(std::int64_t k, const Batch& batch);

 private:
  Tensor<Real> run_backward(std::int64_t k, const Batch& batch);  // the loss
  std::pair<std::string, double> largest_parameter() const;
  [[noreturn]] void report(std::int64_t k, const char* what, double value) const;

  const LanguageModel<Real>& model_;
  std::vector<NamedParameter<Real>> parameters_;
  AdamW<Real> adamw_;
  Schedule schedule_;
  double grad_clip_;
  Random dropout_;
};

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace carousel::program
