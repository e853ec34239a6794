// Trainer: one optimisation step after the other.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "data/batches.h"
#include "nn/adamw.h"
#include "nn/language_model.h"
#include "nn/schedule.h"

namespace carousel::program {

struct StepResult {
  double loss = 0;           // before the step, mean over its tokens, in nats
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;

  static void visit(auto& self, auto&& v) {
    v("loss", self.loss);
    v("grad_norm", self.gradient_norm);
    v("lr", self.learning_rate);
  }
};

template <class Real>
class Trainer {
 public:
  // grad_clip: the longest gradient to follow, 0 for any. seed: of the dropout masks.
  Trainer(const LanguageModel<Real>& model, const AdamWOptions& adamw, const Schedule& schedule,
          double grad_clip, std::uint64_t seed);

  // Step k = 0, 1, … of the schedule, with the gradient of the mean loss over the tokens of all
  // batches. Where there are carried states, batch i begins with the i-th and leaves its last
  // there; no gradient passes. Throws Error when there is nothing to predict, and when the loss or
  // the gradient is not finite, and says where: the parameters are then as they were.
  StepResult step(std::int64_t k, std::span<const Batch> batches,
                  std::span<ModelState<Wide<Real>>> carried = {});

  AdamW<Wide<Real>>& optimizer() { return adamw_; }

 private:
  double accumulate(std::int64_t k, std::span<const Batch> batches,
                    std::span<ModelState<Wide<Real>>> carried);
  double run_backward(Random dropout, const Batch& batch, double weight,
                      ModelState<Wide<Real>>& state);
  std::pair<std::string, double> largest_parameter() const;
  [[noreturn]] void report(std::int64_t k, const char* what, double value) const;

  const LanguageModel<Real>& model_;
  std::vector<NamedParameter<Wide<Real>>> parameters_;
  AdamW<Wide<Real>> adamw_;
  Schedule schedule_;
  double grad_clip_;
  Random dropout_;
};

extern template class Trainer<float>;
extern template class Trainer<double>;
extern template class Trainer<bf16>;

}  // namespace carousel::program
