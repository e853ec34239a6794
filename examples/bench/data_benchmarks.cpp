// What training waits for: opening prepared data, and reading batches in every order.
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "core/file.h"
#include "data/batches.h"
#include "data/prepare.h"
#include "data/prepared.h"
#include "examples/bench/benchmarks.h"
#include "examples/language_model/trainer.h"

namespace carousel::bench {

namespace {

namespace fs = std::filesystem;

// 16 MB of bytes in 32,000 documents of 500, prepared when first wanted.
class Data {
 public:
  Data() {
    fs::create_directory(directory_);
    std::string lines;
    for (int i = 0; i < 32000; ++i) {
      lines +=
          fmt::format("{{\"text\": \"{}\"}}\n", std::string(500, static_cast<char>('a' + i % 26)));
    }
    write_file_atomically(directory_ / "texts.jsonl", lines);
    prepare({.inputs = {directory_ / "texts.jsonl"},
             .out = path(),
             .tokenizer = Tokenizer::bytes(),
             .separator = {}});
  }
  ~Data() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;

  fs::path path() const { return directory_ / "data"; }

 private:
  fs::path directory_ = fs::temp_directory_path() / fmt::format("carousel-bench-{}", ::getpid());
};

const Data& data() {
  static const Data made;
  return made;
}

// Training steps of the smallest model, each on the next batch, and the share of their time that
// goes into reading the batches.
void run_steps(benchmark::State& state, Order order, const Batch& batch) {
  using Clock = std::chrono::steady_clock;
  const PreparedData opened = open_prepared(data().path());
  const Batches batches({&opened.training, 0, opened.training.size()}, order, {batch.B, batch.S},
                        1);
  const LanguageModel<float> model(preset("tiny"), 1);
  program::Trainer<float> trainer(model, {}, {.peak = 1e-4, .decay = Decay::constant},
                                  /*grad_clip=*/1, /*seed=*/1);
  std::vector<ModelState<float>> carried(batches.carries_state() ? 1 : 0);
  Clock::duration reading{}, all{};
  std::int64_t step = 0;
  for (auto _ : state) {
    const auto start = Clock::now();
    const auto read = batches(step);
    reading += Clock::now() - start;
    trainer.step(step++, read, carried);
    all += Clock::now() - start;
  }
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(batch.tokens()),
                                                  benchmark::Counter::kIsIterationInvariantRate);
  state.counters["% reading"] =
      100 * static_cast<double>(reading.count()) / static_cast<double>(all.count());
}

}  // namespace

void add_data_benchmarks(const Batch& batch) {
  add_benchmark("data/open", [](benchmark::State& state) {
    const fs::path path = data().path();
    for (auto _ : state) benchmark::DoNotOptimize(open_prepared(path));
  });
  for (const auto& [word, order] : words(Order{})) {
    const auto name = fmt::format("data/{}/tiny/{}x{}", word, batch.B, batch.S);
    add_benchmark(
        name, [which = order, batch](benchmark::State& state) { run_steps(state, which, batch); });
  }
}

}  // namespace carousel::bench
