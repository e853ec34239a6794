#include <algorithm>

#include "core/parallel.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/dtype.h"
#include "examples/language_model/initial_model.h"
#include "examples/language_model/interrupt.h"
#include "examples/language_model/resume_command.h"
#include "examples/language_model/sample.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"
#include "examples/language_model/training.h"
#include "kernels/kernels.h"
#include "nn/model_directory.h"
#include "text/tokenizer_files.h"

namespace carousel::program {

namespace {

int report_interrupt(std::int64_t done, const TrainOptions& options) {
  print_note(done > 0 ? fmt::format("interrupted after step {} of {}; go on with: {}", done,
                                    options.steps, resume_command(options.out))
                      : "interrupted before the first step; nothing was written");
  return Interrupt::exit_code();
}

template <class Real>
void print_results(const std::optional<Evaluation>& validation, const LanguageModel<Real>& model,
                   const Corpus& corpus, const TrainOptions& options) {
  if (validation) {
    print(fmt::format("validation loss {:.4f} nats per {}, {:.4f} bits per {}, over {}\n",
                      validation->loss, corpus.unit(), validation->bits(), corpus.unit(),
                      corpus.count(validation->tokens)));
  }
  if (options.sample_tokens == 0) return;
  print("\n");
  write_sample(model, corpus, options.sample_tokens, options.seed, print);
  print("\n");
}

// From the first step, or from a checkpoint, to the last.
template <class Real>
int train(const TrainOptions& options, TrainingData& data, const LanguageModel<Real>& model,
          OutputDirectory& out, const std::filesystem::path& checkpoint = {}) {
  data.check_vocabulary(model.config.vocab_size);
  move_to<Wide<Real>>(model, options.device);
  Training<Real> training(options, data, model);
  if (!checkpoint.empty()) training.restore(checkpoint);
  if (!training.run(out)) return report_interrupt(training.steps_made(), options);
  print_results(training.validation(), model, data.corpus(), options);
  return 0;
}

int start_anew(const TrainOptions& options) {
  check_available(options.device);
  OutputDirectory out(options.out, Start::anew);
  TrainingData data(options);
  return with_dtype(options.dtype, [&](auto real) {
    return train(options, data, initial_model<decltype(real)>(options, data.tokenizer()), out);
  });
}

// The options of the run that goes on, with those that were given now.
TrainOptions resumed_options(const RunDescription& run, const TrainOptions& given,
                             const std::filesystem::path& checkpoint) {
  TrainOptions options = run.options;
  options.out = given.resume;
  options.threads = given.threads;
  options.cuda_graph = given.cuda_graph;
  if (given.save_every) options.save_every = given.save_every;
  if (given.keep) options.keep = given.keep;
  if (!given.data.empty()) options.data = given.data;
  if (!given.val_data.empty()) options.val_data = given.val_data;
  const auto tokenizer = checkpoint / "tokenizer.json";
  if (std::filesystem::exists(tokenizer)) options.tokenizer = tokenizer;
  return options;
}

// What must be as it was for the same bits to come out.
void check_surroundings(const RunDescription& run, const TrainingData& data) {
  CAROUSEL_CHECK(data.checksum() == run.data,
                 "--resume: the data is not what the run was trained on: {} with checksum {}, want "
                 "{} (--data and --val-data say where it is now)",
                 data.corpus().count(data.corpus().size()), data.checksum(), run.data);
  if (backend() == run.backend) return;
  print_note(
      fmt::format("the run began with {} kernels and goes on with {}: results may differ in "
                  "their last bits",
                  run.backend, backend()));
}

int resume(const TrainOptions& given) {
  OutputDirectory out(given.resume, Start::resumed);
  const WholeCheckpoint newest = newest_whole_checkpoint(out.unfinished());
  for (const auto& damage : newest.damages) print_note(damage);
  print_note(fmt::format("going on from {}", newest.path.string()));
  const RunDescription run = load_run(newest.path);
  const TrainOptions options = resumed_options(run, given, newest.path);
  check_available(options.device);
  TrainingData data(options);
  check_surroundings(run, data);
  return with_dtype(options.dtype, [&](auto real) {
    return train(options, data, load_model<decltype(real)>(newest.path), out, newest.path);
  });
}

}  // namespace

int run(const TrainOptions& options) {
  set_threads(options.threads);
  return options.resume.empty() ? start_anew(options) : resume(options);
}

}  // namespace carousel::program
