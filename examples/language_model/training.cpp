#include "examples/language_model/training.h"

#include <algorithm>
#include <utility>

#include "core/archive.h"
#include "core/error.h"
#include "examples/language_model/initial_model.h"
#include "examples/language_model/interrupt.h"
#include "examples/language_model/sample.h"
#include "examples/language_model/streams.h"
#include "kernels/kernels.h"
#include "nn/model_directory.h"
#include "text/tokenizer_files.h"

namespace carousel::program {

namespace {

AdamWOptions adamw_options(const TrainOptions& options, const ModelConfig& config) {
  return {.beta1 = options.beta1,
          .beta2 = options.beta2,
          .eps = options.adam_eps,
          .weight_decay = options.weight_decay,
          .weight_decay_on_embedding = config.weight_decay_on_embedding};
}

RunDescription describe(const TrainOptions& options, const TrainingData& data) {
  RunDescription run{options, data.checksum(), std::string(backend())};
  for (auto& file : run.options.data) file = std::filesystem::absolute(file);
  for (auto& file : run.options.val_data) file = std::filesystem::absolute(file);
  return run;
}

}  // namespace

template <class Real>
Training<Real>::Training(const TrainOptions& options, const TrainingData& data,
                         const LanguageModel<Real>& model)
    : options_(options),
      data_(data),
      model_(model),
      context_(options.context.value_or(context_of(model.config))),
      batches_(data.training(), options.order, {options.batch, context_, options.accumulate},
               options.seed),
      validation_tokens_(data.validation()),
      trainer_(model, adamw_options(options, model.config), options.schedule(), options.grad_clip,
               options.seed, options.cuda_graph) {
  if (batches_.carries_state()) carried_.resize(static_cast<std::size_t>(options.accumulate));
}

template <class Real>
void Training<Real>::restore(const std::filesystem::path& checkpoint) {
  state_ = load_state<Wide<Real>>(checkpoint);
  trainer_.optimizer().restore(state_.moments);
  state_.moments.clear();
  carried_ = to_states(state_.carried, options_.device);
  state_.carried.clear();
  saved_ = state_.step;
  if (state_.unlogged) count_time();
  restored_ = checkpoint;
}

template <class Real>
bool Training<Real>::run(OutputDirectory& out) {
  announce();
  const Interrupt interrupt;
  describe_run(out.unfinished());
  Journal journal(out.unfinished(),
                  {.samples = options_.sample_tokens > 0, .tensorboard = options_.tensorboard},
                  restored_);
  Progress progress(options_.steps, data_.corpus().has_bytes());
  saved_at_ = Clock::now();
  for (;;) {
    const bool stopped = (state_.unlogged && !log_step(journal, progress)) ||
                         (state_.step < options_.steps && Interrupt::requested());
    if (state_.step > saved_ && (stopped || time_to_save())) save(out.unfinished(), journal);
    if (stopped) return false;
    if (state_.step == options_.steps) break;
    make_step();
  }
  journal.flush();
  save_model(out.unfinished(), model_);
  if (data_.tokenizer()) save_tokenizer(out.unfinished(), *data_.tokenizer());
  out.finish();
  return true;
}

template <class Real>
void Training<Real>::announce() const {
  std::int64_t count = 0;
  for (const auto& parameter : parameters<Wide<Real>>(model_)) count += parameter.var.numel();
  print_note(
      fmt::format("{} parameters; {} to train on, {} to validate on; {} step{} of {} x {}; {} on "
                  "{}, {} thread{}",
                  count, data_.training().count(), validation_tokens_.size(), options_.steps,
                  options_.steps == 1 ? "" : "s", options_.batch * options_.accumulate, context_,
                  name(options_.dtype), name(options_.device), options_.threads,
                  options_.threads == 1 ? "" : "s"));
  if (batches_.occupancy() == 1) return;
  print_note(fmt::format("packed rows are {:.1f} % full", 100 * batches_.occupancy()));
}

// What `carousel report` shows beside the journal, also of a run that is under way.
template <class Real>
void Training<Real>::describe_run(const std::filesystem::path& directory) const {
  write_file_atomically(directory / "config.json", to_json(model_.config));
  save_archive(directory / "options", options_);
}

template <class Real>
void Training<Real>::make_step() {
  const auto start = Clock::now();
  const auto batches = next_.empty() ? batches_(state_.step) : std::exchange(next_, {});
  const auto look_ahead = [&] { next_ = batches_(state_.step + 1); };
  state_.unlogged = trainer_.step(state_.step, batches, carried_, look_ahead);
  ++state_.step;
  state_.step_seconds = std::max(std::chrono::duration<double>(Clock::now() - start).count(), 1e-9);
  count_time();
}

template <class Real>
void Training<Real>::count_time() {
  seconds_timed_ += state_.step_seconds;
  ++steps_timed_;
}

// Writes the line of the last step, with its validation where one is due. False: that was
// interrupted, and the line has to wait.
template <class Real>
bool Training<Real>::log_step(Journal& journal, Progress& progress) {
  StepMetrics metrics{.step = state_.step,
                      .loss = state_.unlogged->loss,
                      .gradient_norm = state_.unlogged->gradient_norm,
                      .learning_rate = state_.unlogged->learning_rate};
  if (!validate(metrics)) return false;
  state_.unlogged.reset();
  journal.add(metrics, tokens_per_step() / state_.step_seconds);
  sample(journal);
  const double seconds_per_step = seconds_timed_ / static_cast<double>(steps_timed_);
  progress.show(metrics, tokens_per_step() / seconds_per_step,
                static_cast<double>(options_.steps - state_.step) * seconds_per_step);
  return true;
}

template <class Real>
bool Training<Real>::validate(StepMetrics& metrics) {
  const bool due = state_.step == options_.steps ||
                   (options_.eval_every > 0 && state_.step % options_.eval_every == 0);
  if (!due || validation_tokens_.size() == 0) return true;
  if (Interrupt::requested()) return false;
  const Evaluation evaluation = evaluate<Real>(model_, validation_tokens_,
                                               {.context = context_,
                                                .carry_state = batches_.carries_state(),
                                                .documents = documents_in(options_.order),
                                                .stop = Interrupt::requested});
  if (evaluation.stopped) return false;
  state_.validation = evaluation;
  metrics.val_loss = evaluation.loss;
  return true;
}

template <class Real>
void Training<Real>::sample(Journal& journal) const {
  const bool due = state_.step == options_.steps ||
                   (options_.sample_every > 0 && state_.step % options_.sample_every == 0);
  if (!due || options_.sample_tokens == 0) return;
  std::string text;
  write_sample(model_, data_.corpus(), options_.sample_tokens, options_.seed,
               [&](std::string_view piece) { text += piece; });
  journal.add_sample(state_.step, text);
}

template <class Real>
bool Training<Real>::time_to_save() const {
  const SaveInterval interval = options_.save_every.value_or(SaveInterval{.minutes = 10});
  if (interval.steps > 0) return state_.step % interval.steps == 0;
  return interval.minutes > 0 && Clock::now() - saved_at_ >= std::chrono::minutes(interval.minutes);
}

template <class Real>
void Training<Real>::save(const std::filesystem::path& directory, const Journal& journal) {
  if (!run_) run_ = describe(options_, data_);
  state_.moments = trainer_.optimizer().moments();
  state_.carried = to_tensors(carried_);
  save_checkpoint(directory, options_.keep.value_or(2), *run_, model_, data_.tokenizer(), state_,
                  journal);
  state_.moments.clear();
  state_.carried.clear();
  saved_ = state_.step;
  saved_at_ = Clock::now();
}

template <class Real>
double Training<Real>::tokens_per_step() const {
  return static_cast<double>(options_.batch * options_.accumulate * context_);
}

template class Training<float>;
template class Training<double>;
template class Training<bf16>;

}  // namespace carousel::program
