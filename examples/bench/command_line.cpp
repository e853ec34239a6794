#include "examples/bench/command_line.h"

#include <sstream>

#include "examples/language_model/options/shared.h"

namespace carousel::bench {

namespace {

using namespace program;

constexpr int usage_error = 2;

constexpr const char* footer =
    "Without a subcommand all benchmarks are run, or those that --benchmark_filter=REGEX names. "
    "They\n"
    "are called KERNEL/ENGINE/SHAPE, train/ENGINE/MODEL/BATCHxLENGTH, decode/ENGINE/MODEL and\n"
    "machine/…, where an engine is one of the processor's backends, or cuda; a line ends with "
    "what\n"
    "was reached of its measured peak. Options of Google Benchmark are understood, among them:\n"
    "  --benchmark_list_tests          list the names only\n"
    "  --benchmark_filter=-REGEX       all but these\n"
    "  --benchmark_min_time=SECONDS    for each, at least; default 0.1\n"
    "  --benchmark_repetitions=N       N times; the fastest counts\n"
    "  --benchmark_format=json|csv     instead of a table";

void add_timing(CLI::App& app, TimingOptions& options) {
  add_path(app, "--model", options.model, "DIR", "The model directory")->required();
  add_path(app, "--tokens", options.tokens, "FILE", "Text, read as bytes, each a token")
      ->required();
  add_number(app, "--warmup", options.warmup, not_negative, "Steps before those that count");
  add_number(app, "--steps", options.steps, at_least_one, "Steps to time");
  add_device(app, options.device);
  constexpr std::array dtypes{std::pair{"float32", Dtype::float32}, std::pair{"bf16", Dtype::bf16}};
  add_choice(app, "--dtype", options.dtype, "Numbers to compute with; bf16: on cuda only", dtypes)
      ->group("Machine");
  app.final_callback([&options] { check_dtype(options.dtype, options.device); });
}

void add_batch(CLI::App& app, std::int64_t& batch, std::int64_t& length) {
  add_number(app, "--batch", batch, size, "Sequences in a batch");
  add_number(app, "--length", length, size, "Tokens in a sequence");
}

Answer answer(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out, err;
  const int code = app.exit(error, out, err);
  if (code == 0) return {out.str(), {}, 0};
  std::string what = error.what();
  while (!what.empty() && (what.back() == '\n' || what.back() == '.')) what.pop_back();
  return {{}, fmt::format("{} (see carousel-bench --help)", what), usage_error};
}

}  // namespace

std::variant<Options, Answer> parse_command_line(int argc, const char* const* argv) {
  BenchmarkOptions benchmarks;
  MatmulOptions matmul;
  TrainOptions train;
  DecodeOptions decode;
  TokenizerTimingOptions tokenizer;
  decode.warmup = 8, decode.steps = 100;

  CLI::App app("Measures kernels, training steps and decode steps.", "carousel-bench");
  app.allow_extras();
  app.footer(footer);
  app.require_subcommand(0, 1);
  add_batch(app, benchmarks.batch.B, benchmarks.batch.S);
  add_threads(app, benchmarks.threads);

  CLI::App& matmul_app = *app.add_subcommand(
      "matmul", "Compare matrix products with OpenBLAS, in turns, and print a table of ratios");
  add_number(matmul_app, "--rounds", matmul.rounds, at_least_one, "Turns; the fastest counts");
  add_number(matmul_app, "--tokens", matmul.tokens, size, "Rows of a batch in training");
  add_threads(matmul_app, matmul.threads);

  CLI::App& train_app =
      *app.add_subcommand("train", "Time training steps of a saved model, and print JSON");
  add_timing(train_app, train);
  add_batch(train_app, train.batch, train.length);
  train_app.add_flag("!--no-cuda-graph", train.cuda_graph, "Ask a GPU for every kernel by itself")
      ->group("Machine");
  add_threads(train_app, train.threads);

  CLI::App& decode_app =
      *app.add_subcommand("decode", "Time a saved model reading token by token, and print JSON");
  add_timing(decode_app, decode);
  add_threads(decode_app, decode.threads);

  CLI::App& tokenizer_app =
      *app.add_subcommand("tokenizer", "Time the encoding of a text on one thread, and print JSON");
  add_path(tokenizer_app, "--tokenizer", tokenizer.tokenizer, "byte|PATH", "The tokenizer")
      ->required();
  add_number(tokenizer_app, "--rounds", tokenizer.rounds, at_least_one,
             "Times; the fastest counts");
  add_path(tokenizer_app, "FILE", tokenizer.file, "", "The text")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return answer(app, error);
  }
  if (matmul_app.parsed()) return matmul;
  if (train_app.parsed()) return train;
  if (decode_app.parsed()) return decode;
  if (tokenizer_app.parsed()) return tokenizer;
  benchmarks.google_benchmark = app.remaining();
  return benchmarks;
}

}  // namespace carousel::bench
