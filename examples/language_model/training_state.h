// TrainingState: what a training run knows between two steps, beside its options and weights.
#pragma once

#include <optional>
#include <vector>

#include "examples/language_model/carried_state.h"
#include "examples/language_model/evaluation.h"
#include "examples/language_model/trainer.h"

namespace carousel::program {

template <class Real>
struct TrainingState {
  // Steps made. With the seed, it is the place in the data and in every stream of random numbers.
  std::int64_t step = 0;
  std::vector<typename AdamW<Real>::Moments> moments;
  std::vector<CarriedState<Real>> carried;  // that the next step's batches begin with, if any
  // The last step's, as long as its line is not in the metrics: it waits for a validation.
  std::optional<StepResult> unlogged;
  double step_seconds = 0;               // the last step's, without its validation
  std::optional<Evaluation> validation;  // the last

  static void visit(auto& self, auto&& v) {
    v("step", self.step);
    v("moments", self.moments);
    v("carried", self.carried);
    v("unlogged", self.unlogged);
    v("step_seconds", self.step_seconds);
    v("validation", self.validation);
  }
};

}  // namespace carousel::program
