// What the command line of each subcommand says, checked, with the defaults that --help shows.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/device.h"
#include "core/parallel.h"
#include "data/batches.h"
#include "nn/schedule.h"

namespace carousel::program {

enum class Dtype { float32, float64, bf16 };

// Of the data, its end.
inline constexpr double default_val_fraction = 0.1;

// Those that every device computes with.
inline constexpr std::array wide_dtypes{std::pair{"float32", Dtype::float32},
                                        std::pair{"float64", Dtype::float64}};

constexpr auto words(Dtype) {
  return std::array{wide_dtypes[0], wide_dtypes[1], std::pair{"bf16", Dtype::bf16}};
}

constexpr const char* name(Dtype dtype) {
  return words(dtype)[static_cast<std::size_t>(dtype)].first;
}

// How often a run saves itself: by one of the two, or, where both are 0, not before it is told to
// stop.
struct SaveInterval {
  std::int64_t steps = 0;
  std::int64_t minutes = 0;

  static void visit(auto& self, auto&& v) {
    v("steps", self.steps);
    v("minutes", self.minutes);
  }
};

struct TrainOptions {
  std::vector<std::filesystem::path> data;  // none: the corpus in the program
  std::vector<std::filesystem::path> val_data;
  std::optional<double> val_fraction;  // none: the default, or what prepared data keeps
  Order order = Order::shuffled;

  // At most one of preset, model and init.
  std::string preset = "toy";
  std::filesystem::path model;      // a config.json, or empty
  std::filesystem::path init;       // a model directory, or empty
  std::filesystem::path tokenizer;  // "byte" or a path; empty: init's or bytes
  std::optional<std::int64_t> vocab_size;
  std::optional<double> dropout;

  std::optional<std::int64_t> context;  // none: the config's
  std::int64_t batch = 16;
  std::int64_t accumulate = 1;  // batches in a step
  std::int64_t steps = 1000;
  double lr = 3e-3;
  std::optional<double> lr_min;        // none: a tenth of lr
  std::optional<std::int64_t> warmup;  // none: a tenth of the steps, at most 100
  Decay decay = Decay::cosine;
  std::optional<std::int64_t> decay_steps;  // none: a fifth of the steps, where wsd has them
  double weight_decay = 0.1;
  double beta1 = 0.9, beta2 = 0.95;
  double adam_eps = 1e-8;
  double grad_clip = 1;  // 0: never

  std::filesystem::path out = "carousel-model";
  std::optional<SaveInterval> save_every;  // none: 10 minutes
  std::optional<std::int64_t> keep;        // checkpoints; none: 2
  std::filesystem::path resume;            // the --out of a run to go on with, or empty
  std::int64_t eval_every = 250;           // steps; 0: only after the last
  std::int64_t eval_tokens = 0;            // 0: all of the tail
  std::int64_t sample_tokens = 400;
  std::int64_t sample_every = 250;  // steps; 0: only after the last
  bool tensorboard = false;

  Device device = Device::cpu;
  bool cuda_graph = true;
  Dtype dtype = Dtype::float32;
  int threads = carousel::threads();
  std::uint64_t seed = 1;

  // The options above with their derived defaults filled in.
  Schedule schedule() const;

  // All that a checkpoint remembers: every option but those that say where and how fast.
  static void visit(auto& self, auto&& v) {
    v("data", self.data);
    v("val_data", self.val_data);
    v("val_fraction", self.val_fraction);
    v("order", self.order);
    v("preset", self.preset);
    v("model", self.model);
    v("init", self.init);
    v("tokenizer", self.tokenizer);
    v("vocab_size", self.vocab_size);
    v("dropout", self.dropout);
    v("context", self.context);
    v("batch", self.batch);
    v("accumulate", self.accumulate);
    v("steps", self.steps);
    v("lr", self.lr);
    v("lr_min", self.lr_min);
    v("warmup", self.warmup);
    v("schedule", self.decay);
    v("decay_steps", self.decay_steps);
    v("weight_decay", self.weight_decay);
    v("beta1", self.beta1);
    v("beta2", self.beta2);
    v("adam_eps", self.adam_eps);
    v("grad_clip", self.grad_clip);
    v("save_every", self.save_every);
    v("keep", self.keep);
    v("eval_every", self.eval_every);
    v("eval_tokens", self.eval_tokens);
    v("sample", self.sample_tokens);
    v("sample_every", self.sample_every);
    v("tensorboard", self.tensorboard);
    v("device", self.device);
    v("dtype", self.dtype);
    v("seed", self.seed);
  }
};

struct GenerateOptions {
  std::filesystem::path model;
  std::string prompt;
  std::int64_t tokens = 500;
  double temperature = 1;  // 0: always the likeliest token
  std::int64_t top_k = 0;  // 0: all
  double top_p = 1;        // 1: all

  Device device = Device::cpu;
  Dtype dtype = Dtype::float32;
  int threads = carousel::threads();
  std::uint64_t seed = 1;
};

struct EvalOptions {
  std::filesystem::path model;
  std::vector<std::filesystem::path> data;
  std::optional<std::int64_t> context;  // none: the config's
  bool carry_state = false;
  bool documents = false;
  std::filesystem::path logits;                     // empty: not wanted
  std::vector<std::filesystem::path> by_frequency;  // training texts; none: not wanted
  bool json = false;

  Device device = Device::cpu;
  Dtype dtype = Dtype::float32;
  int threads = carousel::threads();
};

struct GradcheckOptions {
  std::string filter;
  Device device = Device::cpu;
  int threads = carousel::threads();
};

struct InfoOptions {
  std::filesystem::path model;
};

struct PrepareCommandOptions {
  std::vector<std::filesystem::path> inputs;
  double val_fraction = 0;
  std::filesystem::path tokenizer = "byte";
  std::optional<std::string> separator;  // none: the usual one, where there is one
  std::filesystem::path out;
  std::int64_t shard_tokens = std::int64_t{1} << 25;
  std::filesystem::path verify;  // a directory that was made, or empty
  int threads = carousel::threads();
  std::uint64_t seed = 1;
};

struct TokenizerTrainOptions {
  std::vector<std::filesystem::path> data;
  std::int64_t vocab_size = 0;
  std::vector<std::string> specials;
  std::filesystem::path out;
};

struct TokenizerEncodeOptions {
  std::filesystem::path tokenizer;
  std::filesystem::path file = "/dev/stdin";
  bool plain_text = false;  // special tokens' texts too
};

struct TokenizerDecodeOptions {
  std::filesystem::path tokenizer;
  std::filesystem::path file = "/dev/stdin";
};

struct TokenizerInfoOptions {
  std::filesystem::path tokenizer;
};

struct ReportOptions {
  std::vector<std::filesystem::path> runs;
  std::filesystem::path out = "report.html";
};

struct InspectOptions {
  std::filesystem::path model;
  std::string prompt;
  std::filesystem::path out = "inspect.html";

  Dtype dtype = Dtype::float32;
  int threads = carousel::threads();
};

using Options = std::variant<TrainOptions, PrepareCommandOptions, GenerateOptions, EvalOptions,
                             GradcheckOptions, InfoOptions, ReportOptions, InspectOptions,
                             TokenizerTrainOptions, TokenizerEncodeOptions, TokenizerDecodeOptions,
                             TokenizerInfoOptions>;

}  // namespace carousel::program
