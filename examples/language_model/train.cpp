#include <algorithm>
#include <chrono>
#include <numbers>

#include "core/parallel.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/dtype.h"
#include "examples/language_model/evaluation.h"
#include "examples/language_model/initial_model.h"
#include "examples/language_model/interrupt.h"
#include "examples/language_model/output_directory.h"
#include "examples/language_model/progress.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"
#include "examples/language_model/trainer.h"
#include "examples/language_model/writer.h"
#include "nn/model_directory.h"
#include "text/tokenizer_files.h"

namespace carousel::program {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The front of the tail that is validated on. Throws Error when nothing can be predicted in it.
Tokens validation_tokens(Tokens tail, const TrainOptions& options) {
  if (options.eval_tokens > 0) {
    tail.end = std::min(tail.end, tail.begin + options.eval_tokens + 1);
  }
  CAROUSEL_CHECK(
      options.val_fraction == 0 || tail.size() >= 2,
      "train: --val-fraction {} leaves {} for validation, want at least 2, or 0 for no validation",
      options.val_fraction, tail.count());
  return tail;
}

template <class Real>
class Training {
 public:
  Training(const TrainOptions& options, const Corpus& corpus, const LanguageModel<Real>& model)
      : options_(options),
        corpus_(corpus),
        model_(model),
        context_(options.context.value_or(context_of(model_.config))),
        batches_(split(corpus, options.val_fraction).training, options.order, options.batch,
                 context_, options.seed),
        validation_(validation_tokens(split(corpus, options.val_fraction).validation, options)),
        trainer_(model_, adamw_options(), options.schedule(), options.grad_clip, options.seed) {}

  int run() {
    announce();
    {
      const Interrupt interrupt;
      OutputDirectory out(options_.out);
      const std::int64_t done = train(out.unfinished() / "metrics.jsonl");
      if (done > 0) {
        save_model(out.unfinished(), model_);
        if (corpus_.tokenizer()) save_tokenizer(out.unfinished(), *corpus_.tokenizer());
        out.finish();
      }
      if (Interrupt::requested()) return report_interrupt(done);
    }
    print_results();
    return 0;
  }

 private:
  AdamWOptions adamw_options() const {
    return {.beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .eps = options_.adam_eps,
            .weight_decay = options_.weight_decay,
            .weight_decay_on_embedding = model_.config.weight_decay_on_embedding};
  }

  void announce() const {
    std::int64_t count = 0;
    for (const auto& parameter : parameters<Real>(model_)) count += parameter.var.numel();
    print_note(fmt::format(
        "{} parameters; {} to train on, {} to validate on; {} step{} of {} x {}; {}, {} thread{}",
        count, split(corpus_, options_.val_fraction).training.count(), validation_.size(),
        options_.steps, options_.steps == 1 ? "" : "s", options_.batch, context_,
        options_.dtype == Dtype::float32 ? "float32" : "float64", options_.threads,
        options_.threads == 1 ? "" : "s"));
  }

  // The number of steps made: fewer than wanted after an interrupt.
  std::int64_t train(const std::filesystem::path& metrics_path) {
    MetricsFile file(metrics_path);
    Progress progress(options_.steps, corpus_.has_bytes());
    const double tokens = static_cast<double>(options_.batch * context_);
    double elapsed = 0;
    for (std::int64_t k = 0; k < options_.steps; ++k) {
      if (Interrupt::requested()) return k;
      const auto start = std::chrono::steady_clock::now();
      const StepResult result = trainer_.step(k, batches_(k));
      const double seconds = std::max(seconds_since(start), 1e-9);
      elapsed += seconds;
      const StepMetrics metrics{.step = k + 1,
                                .loss = result.loss,
                                .gradient_norm = result.gradient_norm,
                                .learning_rate = result.learning_rate,
                                .tokens_per_second = tokens / seconds,
                                .val_loss = validate_after(k + 1)};
      file.add(metrics);
      const double done = static_cast<double>(k + 1), all = static_cast<double>(options_.steps);
      progress.show(metrics, done * tokens / elapsed, (all - done) * elapsed / done);
    }
    return options_.steps;
  }

  // The validation loss, when it is time for one and nobody interrupts it.
  std::optional<double> validate_after(std::int64_t step) {
    const bool due =
        step == options_.steps || (options_.eval_every > 0 && step % options_.eval_every == 0);
    if (!due || validation_.size() == 0 || Interrupt::requested()) return {};
    const Evaluation evaluation =
        evaluate<Real>(model_, validation_, {.context = context_, .stop = Interrupt::requested});
    if (evaluation.stopped) return {};
    validated_ = evaluation;
    return evaluation.loss;
  }

  int report_interrupt(std::int64_t done) const {
    print_note(done > 0
                   ? fmt::format("interrupted after step {} of {}; the weights so far are in {}",
                                 done, options_.steps, options_.out.string())
                   : "interrupted before the first step; nothing was written");
    return Interrupt::exit_code();
  }

  void print_results() const {
    const char* const unit = corpus_.unit();
    if (validated_.tokens > 0) {
      print(fmt::format("validation loss {:.4f} nats per {}, {:.4f} bits per {}, over {}\n",
                        validated_.loss, unit, validated_.bits(), unit,
                        corpus_.count(validated_.tokens)));
    }
    if (options_.sample_tokens == 0) return;
    print("\n");
    print_sample();
    print("\n");
  }

  // Text where the tokenizer is known, token ids as numbers.
  void print_sample() const {
    const auto& tokenizer = corpus_.tokenizer();
    const std::int64_t choices = tokenizer ? tokenizer->vocab_size() : model_.config.vocab_size;
    Writer<Real> writer(model_, {.temperature = 0.8}, options_.seed, choices);
    writer.read(sample_start());
    if (tokenizer) return print_text(writer, *tokenizer, options_.sample_tokens);
    for (std::int64_t i = 0; i < options_.sample_tokens; ++i) {
      print(fmt::format("{} ", writer.write()));
    }
  }

  // The start of a text or, where there is no such thing, of the data.
  std::vector<std::int32_t> sample_start() const {
    std::vector<std::int32_t> first(1);
    if (corpus_.tokenizer()) first = start_of_text(*corpus_.tokenizer());
    const bool known = std::all_of(first.begin(), first.end(), [this](std::int32_t id) {
      return id < model_.config.vocab_size;
    });
    if (!corpus_.tokenizer() || !known) corpus_.read(0, first);
    return first;
  }

  const TrainOptions& options_;
  const Corpus& corpus_;
  const LanguageModel<Real>& model_;
  std::int64_t context_;
  Batches batches_;
  Tokens validation_;
  Trainer<Real> trainer_;
  Evaluation validated_;
};

}  // namespace

int run(const TrainOptions& options) {
  set_threads(options.threads);
  const auto tokenizer = tokenizer_for_training(options);
  const Corpus corpus =
      options.data.empty() ? Corpus::built_in(tokenizer) : Corpus(options.data, tokenizer);
  return with_dtype(options.dtype, [&](auto real) {
    using Real = decltype(real);
    const auto model = initial_model<Real>(options, tokenizer);
    corpus.check_vocabulary(model.config.vocab_size);
    return Training<Real>(options, corpus, model).run();
  });
}

}  // namespace carousel::program
