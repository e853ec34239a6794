// Whole training steps (forward, backward, clipping, AdamW) and decode steps of models.
#include <memory>

#include "examples/bench/benchmarks.h"
#include "examples/bench/model_steps.h"
#include "examples/bench/work.h"

namespace carousel::bench {

namespace {

using Model = LanguageModel<float>;

struct NamedConfig {
  std::string name;
  ModelConfig config;
};

// A preset in other sizes.
NamedConfig variant(const std::string& name, const std::string& preset_name, std::int64_t d,
                    std::int64_t blocks) {
  ModelConfig config = preset(preset_name);
  config.embedding_dim = d;
  config.num_blocks = blocks;
  return {name, config};
}

// Making a large model takes a while, and a benchmark is run again and again.
const Model& cached_model(const NamedConfig& named) {
  static std::string name;
  static std::unique_ptr<Model> model;
  if (name != named.name) {
    model.reset();
    model = std::make_unique<Model>(named.config, 1);
    name = named.name;
  }
  move_to<float>(*model, device_in_use());
  return *model;
}

void report_tokens(benchmark::State& state, std::int64_t tokens) {
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(tokens),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}

// The peaks of a processor once more; a GPU is nobody else's.
double flops_now() { return device_in_use() == Device::cpu ? fma_rate() : peaks().flops; }
double read_rate_now() {
  return device_in_use() == Device::cpu ? read_rate(memory_bytes, /*runs=*/3) : peaks().read;
}

void run_training(benchmark::State& state, const NamedConfig& named, const Batch& batch) {
  const Model& model = cached_model(named);
  TrainingSteps<float> steps(model, random_batch(batch.B, batch.S, named.config.vocab_size));
  const Device device = device_in_use();
  const auto before = memory_statistics(device).in_use;
  reset_memory_peak(device);
  do {
    steps();
  } while (device == Device::cuda && !steps.replayed());
  const double peak = flops_now();
  for (auto _ : state) steps();
  // Other programs may have been busy during one of the two.
  Peaks around = peaks();
  around.flops = std::max(peak, flops_now());
  const auto tokens = static_cast<double>(batch.tokens());
  report_tokens(state, batch.tokens());
  report(state, {.flops = training_flops(named.config, batch.S) * tokens}, around);
  state.counters["bytes/token"] =
      static_cast<double>(memory_statistics(device).peak - before) / tokens;
}

void run_decoding(benchmark::State& state, const NamedConfig& named) {
  const Model& model = cached_model(named);
  DecodeSteps<float> steps(model);
  steps(0);
  const double rate = read_rate_now();
  std::int32_t token = 0;
  for (auto _ : state) steps(token++ % 256);
  Peaks around = peaks();
  around.read = std::max(rate, read_rate_now());
  const auto [weights, states] = decode_bytes(model);
  report_tokens(state, 1);
  report(state, {.read = weights}, around);
  if (around.read == 0) return;
  const Work with_state{.read = weights + states / 2, .written = states / 2};
  state.counters["% with the state"] = benchmark::Counter(
      100 * least_time(with_state, around), benchmark::Counter::kIsIterationInvariantRate);
}

void add_training(const NamedConfig& named, const Batch& batch) {
  for (const auto engine : engines()) {
    const auto name = fmt::format("train/{}/{}/{}x{}", engine, named.name, batch.B, batch.S);
    add_benchmark(name, [engine, named, batch](benchmark::State& state) {
      use_engine(engine);
      run_training(state, named, batch);
    });
  }
}

void add_decoding(const NamedConfig& named) {
  for (const auto engine : engines()) {
    add_benchmark(fmt::format("decode/{}/{}", engine, named.name),
                  [engine, named](benchmark::State& state) {
                    use_engine(engine);
                    run_decoding(state, named);
                  });
  }
}

// The same number of tokens in ever longer sequences: time and memory per token should not grow.
void add_lengths(const NamedConfig& named) {
  constexpr std::int64_t tokens = 16384;
  for (std::int64_t S = 256; S <= tokens; S *= 2) add_training(named, {tokens / S, S});
}

}  // namespace

void add_step_benchmarks(const Batch& batch) {
  for (const auto name : {"tiny", "toy", "small", "small-mixed", "small-slstm", "medium"}) {
    const NamedConfig named{name, preset(name)};
    add_training(named, batch);
    add_decoding(named);
  }
  add_training({"small", preset("small")}, {(batch.B + 3) / 4, 4 * batch.S});
  add_lengths(variant("lengths", "small", 256, 2));

  // Weights that no cache holds: 150 MB.
  add_decoding(variant("mlstm-1024", "small", 1024, 6));
  NamedConfig eight_heads = variant("mlstm-1024-8heads", "small", 1024, 6);
  eight_heads.config.mlstm->num_heads = 8;
  add_decoding(eight_heads);
  add_decoding(variant("slstm-1024", "small-slstm", 1024, 6));
}

}  // namespace carousel::bench
