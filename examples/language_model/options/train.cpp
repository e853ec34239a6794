#include <algorithm>
#include <set>

#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"
#include "nn/config.h"

namespace carousel::program {

namespace {

void add_data_options(CLI::App& app, TrainOptions& options) {
  add_paths(app, "--data", options.data, "DIR|FILE",
            "What to learn from: a directory that carousel prepare made, or\n"
            "files one after the other, texts or token files ending in .bin\n"
            "(nanoGPT's and llm.c's). Default: the source code and documents\n"
            "of this program")
      ->group("Data");
  add_number(app, "--val-fraction", options.val_fraction, below_one,
             "Share of the data, its end, kept for validation; 0: none;\n"
             "default: 0.1, or the documents that prepared data keeps for it")
      ->group("Data");
  add_paths(app, "--val-data", options.val_data, "DIR|FILE",
            "What to validate on instead; all of --data is learnt from")
      ->group("Data");
  add_choice(app, "--order", options.order,
             "shuffled: windows of CONTEXT + 1 tokens every CONTEXT tokens,\n"
             "each once in an epoch.\n"
             "sequential: row r of step k (from 0) is window k * batch + r;\n"
             "after the last window comes the first.\n"
             "packed: rows of whole documents, each from a fresh state; those\n"
             "longer than CONTEXT are cut, and rows may have empty ends.\n"
             "streams: row r of a step goes on where row r of the one before\n"
             "ended, with its state; documents begin from a fresh one")
      ->group("Data");
}

void add_model_options(CLI::App& app, TrainOptions& options) {
  add_path(app, "--model", options.model, "FILE", "The model's config.json")->group("Model");
  app.add_option("--preset", options.preset,
                 fmt::format("A ready-made config:\n{}", fmt::join(preset_names(), ", ")))
      ->type_name("NAME")
      ->default_str(options.preset)
      ->group("Model");
  add_path(app, "--init", options.init, "DIR", "Start from this model: its config and weights")
      ->group("Model");
  add_path(app, "--tokenizer", options.tokenizer, "byte|PATH",
           "How text becomes tokens: each byte one, or by a tokenizer.json,\n"
           "a vocab.json with the merges.txt beside it, or a directory with\n"
           "one of these; kept with the model. Default: that of --init, or\n"
           "byte")
      ->group("Model");
  add_number(app, "--vocab-size", options.vocab_size, size,
             "Tokens of the preset's vocabulary; default: the tokenizer's")
      ->group("Model");
  add_number(app, "--dropout", options.dropout, below_one,
             "Probability of dropping an activation; default: the config's")
      ->group("Model");
}

void add_training_options(CLI::App& app, TrainOptions& options) {
  const auto number = [&app](const char* name, auto& value, const Range& range, const char* help) {
    return add_number(app, name, value, range, help)->group("Training");
  };
  number("--context", options.context, size,
         "Tokens in a training sequence; default: the config's");
  number("--batch", options.batch, size, "Sequences that are computed side by side");
  number("--accumulate", options.accumulate, size,
         "Batches in a step, one after the other: a step has BATCH times this\n"
         "many sequences, and the memory of one batch");
  number("--steps", options.steps, at_least_one, "Steps");
  number("--lr", options.lr, above_zero, "Learning rate after the warm-up");
  number("--lr-min", options.lr_min, zero_or_above,
         "Learning rate after the decay; default: a tenth of --lr");
  number("--warmup", options.warmup, not_negative,
         "Steps with a rising learning rate; default: a tenth of --steps,\n"
         "100 at most");
  add_choice(app, "--schedule", options.decay,
             "Learning rate after the warm-up; wsd: stays (warm-up, stable,\n"
             "decay) until the last --decay-steps, and then falls in a straight\n"
             "line")
      ->group("Training");
  number("--decay-steps", options.decay_steps, not_negative,
         "Steps in which wsd decays; default: a fifth of --steps");
  number("--weight-decay", options.weight_decay, zero_or_above,
         "AdamW's decay, of weight matrices only");
  const auto set_betas = [&options](const std::vector<std::string>& texts) {
    options.beta1 = parse_number<double>("--betas", texts.at(0), below_one);
    options.beta2 = parse_number<double>("--betas", texts.at(1), below_one);
  };
  app.add_option_function<std::vector<std::string>>(
         "--betas", set_betas, "Decay of AdamW's averages of gradients and their squares")
      ->expected(2)
      ->option_text(fmt::format("B1 B2={} {}", options.beta1, options.beta2))
      ->group("Training");
  number("--adam-eps", options.adam_eps, above_zero, "AdamW's epsilon");
  number("--grad-clip", options.grad_clip, zero_or_above,
         "Longest gradient, in 2-norm; longer ones are scaled; 0: any");
}

void add_output_options(CLI::App& app, TrainOptions& options) {
  add_path(app, "--out", options.out, "DIR",
           "Where config.json, model.safetensors, tokenizer.json, options.json\n"
           "and what `carousel report` shows go when training ends:\n"
           "metrics.jsonl, speed.jsonl and samples.jsonl. Until then a model\n"
           "there stays as it is, and metrics and checkpoints are in\n"
           "DIR/unfinished-training")
      ->group("Output");
  add_number(app, "--eval-every", options.eval_every, not_negative,
             "Steps between validations; 0: only after the last")
      ->group("Output");
  add_number(app, "--eval-tokens", options.eval_tokens, not_negative,
             "Tokens to validate on, from where the tail starts; 0: all")
      ->group("Output");
  add_number(app, "--sample", options.sample_tokens, not_negative,
             "Length of the samples that the model writes, into samples.jsonl,\n"
             "and that of the new model is printed; 0: none")
      ->group("Output");
  add_number(app, "--sample-every", options.sample_every, not_negative,
             "Steps between samples; 0: only after the last")
      ->group("Output");
  app.add_flag("--tensorboard", options.tensorboard,
               "Write the numbers of metrics.jsonl and speed.jsonl to\n"
               "events.out.tfevents, too, for TensorBoard to show")
      ->group("Output");
}

// "20": every 20 steps; "5min": every 5 minutes.
SaveInterval parse_interval(const std::string& option, const std::string& text) {
  constexpr Range range{.text = "steps, as in 500, or minutes, as in 10min", .low = 0};
  const bool minutes = text.ends_with("min");
  const auto number =
      parse_number<std::int64_t>(option, minutes ? text.substr(0, text.size() - 3) : text, range);
  return minutes ? SaveInterval{.minutes = number} : SaveInterval{.steps = number};
}

void add_checkpoint_options(CLI::App& app, TrainOptions& options) {
  app.add_option_function<std::string>(
         "--save-every",
         [&options](const std::string& text) {
           options.save_every = parse_interval("--save-every", text);
         },
         "Steps, or minutes, between checkpoints, from which --resume goes\n"
         "on; 0: only on Ctrl-C; default: 10min")
      ->type_name("N|Nmin")
      ->group("Checkpoints");
  add_number(app, "--keep", options.keep, at_least_one,
             "Checkpoints to keep, until training ends; default: 2")
      ->group("Checkpoints");
  add_path(app, "--resume", options.resume, "DIR",
           "Go on with the unfinished training in DIR, its --out, as if it had\n"
           "never stopped. Of the other options, only --save-every, --keep,\n"
           "--threads, --no-cuda-graph, --data and --val-data (where the same\n"
           "data is now) can be given")
      ->group("Checkpoints");
}

// A run that goes on has its options already.
void check_resume(const CLI::App& app) {
  if (app.count("--resume") == 0) return;
  const std::set<std::string> possible{"--resume", "--save-every", "--keep",         "--threads",
                                       "--data",   "--val-data",   "--no-cuda-graph"};
  for (const CLI::Option* const option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() > 0 && !possible.contains(name)) {
      throw CLI::ValidationError(
          "--resume", fmt::format("cannot be combined with {}: the run goes on as it began", name));
    }
  }
}

void check(const CLI::App& app, const TrainOptions& options) {
  refuse_both(app, "--preset", "--model", "each says what the model is");
  refuse_both(app, "--init", "--preset", "the config comes from the directory");
  refuse_both(app, "--init", "--model", "the config comes from the directory");
  refuse_both(app, "--val-data", "--val-fraction", "each says what to validate on");
  refuse_both(app, "--init", "--tokenizer", "the tokenizer comes from the directory");
  refuse_both(app, "--vocab-size", "--model", "the config says how many tokens there are");
  refuse_both(app, "--vocab-size", "--init", "the config says how many tokens there are");
  const auto names = preset_names();
  if (std::find(names.begin(), names.end(), options.preset) == names.end()) {
    throw CLI::ValidationError("--preset", fmt::format("got \"{}\", want one of {}", options.preset,
                                                       fmt::join(names, ", ")));
  }
  check_resume(app);
  check_dtype(options.dtype, options.device);
  const Schedule schedule = options.schedule();
  if (schedule.warmup > options.steps) {
    throw CLI::ValidationError("--warmup", fmt::format("got {}, want at most --steps, {}",
                                                       schedule.warmup, options.steps));
  }
  if (schedule.decay_steps > options.steps - schedule.warmup) {
    throw CLI::ValidationError("--decay-steps",
                               fmt::format("got {}, want at most --steps less --warmup, {}",
                                           schedule.decay_steps, options.steps - schedule.warmup));
  }
  if (options.decay_steps && options.decay != Decay::linear) {
    throw CLI::ValidationError("--decay-steps", "is for --schedule wsd only");
  }
  if (schedule.floor > options.lr) {
    throw CLI::ValidationError(
        "--lr-min", fmt::format("got {}, want at most --lr, {}", schedule.floor, options.lr));
  }
}

}  // namespace

Schedule TrainOptions::schedule() const {
  return {.peak = lr,
          .floor = lr_min.value_or(lr / 10),
          .warmup = warmup.value_or(std::min<std::int64_t>(100, steps / 10)),
          .steps = steps,
          .decay = decay,
          .decay_steps = decay == Decay::linear ? decay_steps.value_or(steps / 5) : 0};
}

void add_train(CLI::App& program, TrainOptions& options) {
  CLI::App& app = *program.add_subcommand("train", "Train a language model");
  add_data_options(app, options);
  add_model_options(app, options);
  add_training_options(app, options);
  add_output_options(app, options);
  add_checkpoint_options(app, options);
  add_device(app, options.device);
  app.add_flag("!--no-cuda-graph", options.cuda_graph,
               "Ask a GPU for every kernel of every step, not for a step at once:\n"
               "slower, the same bits")
      ->group("Machine");
  add_dtype(app, options.dtype);
  add_threads(app, options.threads);
  add_number(app, "--seed", options.seed, any_seed, "Of the initial weights, the order and dropout")
      ->group("Machine");
  app.footer(
      "Prints the validation loss and a sample; progress goes to standard error. Ctrl-C and\n"
      "SIGTERM finish the step, save a checkpoint, and say how to go on; the exit code is 128 and "
      "the\n"
      "signal's number. A second Ctrl-C ends the program at once.");
  app.final_callback([&app, &options] { check(app, options); });
}

}  // namespace carousel::program
