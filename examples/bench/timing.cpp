#include "examples/bench/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/parallel.h"
#include "examples/bench/model_steps.h"
#include "examples/bench/work.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/training_data.h"
#include "kernels/kernels.h"
#include "nn/model_directory.h"

namespace carousel::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void print_json(nlohmann::json result, Device device) {
  result["backend"] = device == Device::cpu ? std::string(backend()) : name(device);
  result["threads"] = threads();
  program::print(result.dump() + "\n");
}

Tokens all_of(const Corpus& corpus) { return {&corpus, 0, corpus.size()}; }

// −log softmax(logits)[target]
double loss_of(std::span<const float> logits, std::int32_t target) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += std::exp(x - max);
  return max + std::log(sum) - static_cast<double>(logits[static_cast<std::size_t>(target)]);
}

template <class Real>
int time_training_of(const TimingOptions& options) {
  const auto model = load_model<Real>(options.model);
  move_to<Wide<Real>>(model, options.device);
  Corpus corpus = program::open_to_measure({options.tokens}, Tokenizer::bytes());
  corpus.check_vocabulary(model.config.vocab_size);
  CAROUSEL_CHECK(corpus.size() > options.batch * options.length,
                 "{}: has {}, want one more than {} x {}", options.tokens.string(),
                 corpus.count(corpus.size()), options.batch, options.length);
  TrainingSteps<Real> steps(model,
                            read_batch(all_of(corpus), 0, options.length, options.batch,
                                       options.length, Documents::joined),
                            options.cuda_graph);
  std::vector<double> losses, seconds;
  for (int step = 0; step < options.warmup + options.steps; ++step) {
    const auto start = Clock::now();
    losses.push_back(steps());
    if (step >= options.warmup) seconds.push_back(seconds_since(start));
  }
  const auto tokens = options.batch * options.length;
  print_json(
      {{"losses", losses},
       {"seconds", seconds},
       {"tokens", tokens},
       {"flops", training_flops(model.config, options.length) * static_cast<double>(tokens)}},
      options.device);
  return 0;
}

template <class Real>
int time_decoding_of(const TimingOptions& options) {
  const auto model = load_model<Real>(options.model);
  move_to<Wide<Real>>(model, options.device);
  Corpus corpus = program::open_to_measure({options.tokens}, Tokenizer::bytes());
  corpus.check_vocabulary(model.config.vocab_size);
  const auto count = options.warmup + options.steps;
  CAROUSEL_CHECK(corpus.size() > count, "{}: has {}, want more than {}", options.tokens.string(),
                 corpus.count(corpus.size()), count);
  std::vector<std::int32_t> text(static_cast<std::size_t>(count) + 1);
  corpus.read(0, text);
  DecodeSteps<Real> steps(model);
  double loss = 0, seconds = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto start = Clock::now();
    const auto logits = steps(text[i]);
    if (std::cmp_greater_equal(i, options.warmup)) seconds += seconds_since(start);
    loss += loss_of(logits, text[i + 1]) / count;
  }
  print_json({{"losses", {loss}}, {"seconds", {seconds}}, {"tokens", options.steps}},
             options.device);
  return 0;
}

}  // namespace

int time_training(const TimingOptions& options) {
  check_available(options.device);
  return options.dtype == program::Dtype::bf16 ? time_training_of<bf16>(options)
                                               : time_training_of<float>(options);
}

int time_decoding(const TimingOptions& options) {
  check_available(options.device);
  return options.dtype == program::Dtype::bf16 ? time_decoding_of<bf16>(options)
                                               : time_decoding_of<float>(options);
}

}  // namespace carousel::bench
