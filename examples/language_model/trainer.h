// Trainer: one optimisation step after the other.
//
// On a GPU a step is recorded and from then on one call, a CUDA graph: docs/gpu.md. The first step
// of its kind is asked for kernel by kernel, and so is the first after anything that the recording
// relies on has changed: the shapes of the batches, or where the carried states lie.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "core/recording.h"
#include "examples/language_model/staged_batch.h"
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
  // grad_clip: the longest gradient to follow, 0 for any. seed: of the dropout masks. cuda_graph:
  // whether steps on a GPU are recorded, which changes no bit of them.
  Trainer(const LanguageModel<Real>& model, const AdamWOptions& adamw, const Schedule& schedule,
          double grad_clip, std::uint64_t seed, bool cuda_graph = true);

  // Step k = 0, 1, … of the schedule, with the gradient of the mean loss over the tokens of all
  // batches. Where there are carried states, batch i begins with the i-th and leaves its last
  // there; no gradient passes. `meanwhile` is called while a GPU works on the step. Throws Error
  // when there is nothing to predict, and when the loss or the gradient is not finite, and says
  // where: the parameters are then as they were.
  StepResult step(std::int64_t k, std::span<const Batch> batches,
                  std::span<ModelState<Wide<Real>>> carried = {},
                  const std::function<void()>& meanwhile = {});

  AdamW<Wide<Real>>& optimizer() { return adamw_; }

  // Whether the last step was a replay.
  bool replayed() const { return recording_ && recording_->recorded(); }

 private:
  void stage(std::int64_t k, std::span<const Batch> batches,
             std::span<ModelState<Wide<Real>>> carried);
  void renew(std::span<const Batch> batches);
  void perform(double rate, std::span<ModelState<Wide<Real>>> carried);
  void compute(std::span<ModelState<Wide<Real>>> carried);
  void run_backward(std::size_t i, ModelState<Wide<Real>>& state);
  double total_loss() const;
  std::pair<std::string, double> largest_parameter() const;
  [[noreturn]] void report(std::int64_t k, const char* what, double value,
                           const std::string& gradient) const;

  const LanguageModel<Real>& model_;
  std::vector<NamedParameter<Wide<Real>>> parameters_;
  AdamW<Wide<Real>> adamw_;
  Schedule schedule_;
  double grad_clip_;
  Random dropout_;
  bool cuda_graph_;

  // What a step is told, and its losses.
  Mirror<std::int32_t> step_;  // (1)
  std::vector<StagedBatch<Wide<Real>>> batches_;
  std::vector<double> weights_;  // of each batch, adding up to 1 per predicted token
  Mirror<Wide<Real>> losses_;    // of each batch
  std::vector<const Wide<Real>*> carried_from_;  // where the carried states lie

  std::unique_ptr<Recording> recording_;  // of a step with these; null: not to be recorded
  bool rehearsed_ = false;
};

extern template class Trainer<float>;
extern template class Trainer<double>;
extern template class Trainer<bf16>;

}  // namespace carousel::program
