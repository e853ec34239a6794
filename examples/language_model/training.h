// Training: a run from its first step, or from a checkpoint, to its last.
#pragma once

#include <chrono>
#include <optional>

#include "examples/language_model/checkpoint.h"
#include "examples/language_model/journal.h"
#include "examples/language_model/output_directory.h"
#include "examples/language_model/progress.h"
#include "examples/language_model/trainer.h"
#include "examples/language_model/training_data.h"
#include "examples/language_model/training_state.h"

namespace carousel::program {

template <class Real>
class Training {
 public:
  // Everything given must outlive it. Throws Error when there is too little to train on or to
  // validate on.
  Training(const TrainOptions& options, const TrainingData& data, const LanguageModel<Real>& model);

  // Takes over the state of the checkpoint whose weights the model has.
  void restore(const std::filesystem::path& checkpoint);

  // Makes the steps that are left. False: someone interrupted it, and it has saved itself. Throws
  // Error when a loss or gradient is not finite, or the disk refuses.
  bool run(OutputDirectory& out);

  std::int64_t steps_made() const { return state_.step; }
  const std::optional<Evaluation>& validation() const { return state_.validation; }

 private:
  using Clock = std::chrono::steady_clock;

  void announce() const;
  void describe_run(const std::filesystem::path& directory) const;
  void make_step();
  void count_time();
  bool log_step(Journal& journal, Progress& progress);
  bool validate(StepMetrics& metrics);
  void sample(Journal& journal) const;
  bool time_to_save() const;
  void save(const std::filesystem::path& directory, const Journal& journal);
  double tokens_per_step() const;

  const TrainOptions& options_;
  const TrainingData& data_;
  const LanguageModel<Real>& model_;
  std::int64_t context_;
  Batches batches_;
  Tokens validation_tokens_;
  Trainer<Real> trainer_;
  TrainingState<Wide<Real>> state_;
  std::vector<Batch> next_;  // of the next step, if it is known already
  // Of each batch of a step; none where all begin afresh.
  std::vector<ModelState<Wide<Real>>> carried_;

  std::filesystem::path restored_;     // the checkpoint, or empty
  std::optional<RunDescription> run_;  // from the first save on
  std::int64_t saved_ = 0;             // the step of the last checkpoint
  Clock::time_point saved_at_{};
  std::int64_t steps_timed_ = 0;  // since the start or restore
  double seconds_timed_ = 0;
};

extern template class Training<float>;
extern template class Training<double>;
extern template class Training<bf16>;

}  // namespace carousel::program
