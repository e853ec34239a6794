// Training a small model: the same bits for any number of threads, no allocations once warm, and
// dropout that is a function of its random stream.

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/tape.h"
#include "core/parallel.h"
#include "nn/adamw.h"
#include "ops/cross_entropy.h"
#include "tests/nn/models.h"

namespace carousel {

namespace {

// Large enough that every kernel's work is cut into several chunks.
ModelConfig training_config() {
  ModelConfig config = mixed_config();
  config.embedding_dim = 32;
  config.slstm->num_heads = config.mlstm->num_heads = 4;
  config.dropout = 0.1;
  return config;
}

// Trains on random tokens and returns what the parameters have become.
template <class Real>
class Training {
 public:
  explicit Training(const ModelConfig& config)
      : model_(config, 1), optimizer_(parameters<Real>(model_), AdamWOptions{}) {}

  void step(std::int64_t index) {
    const auto V = model_.config.vocab_size;
    const auto seed = static_cast<std::uint64_t>(index);
    const auto tokens = random_tokens(4, 70, V, seed);
    {
      Tape tape;
      const CallOptions options{.dropout = Random{1}.named(fmt::format("step {}", index))};
      const auto output = model_(tokens, {}, options);
      tape.backward(cross_entropy(output.logits, random_tokens(4, 70, V, seed + 1000)));
    }
    optimizer_.clip_gradients(1);
    optimizer_.step(1e-2);
    optimizer_.clear_gradients();
  }

  std::vector<Tensor<Real>> weights() const {
    std::vector<Tensor<Real>> result;
    for (const auto& [name, var] : parameters<Real>(model_)) result.push_back(var.value.clone());
    return result;
  }

 private:
  LanguageModel<Real> model_;
  AdamW<Real> optimizer_;
};

template <class Real>
std::vector<Tensor<Real>> train(const ModelConfig& config, int steps) {
  Training<Real> training(config);
  for (int i = 0; i < steps; ++i) training.step(i);
  return training.weights();
}

Tensor<double> logits(const LanguageModel<double>& model, const CallOptions& options) {
  return model(random_tokens(2, 9, model.config.vocab_size), {}, options).logits.value;
}

}  // namespace

TEST_CASE("training: the same seed gives the same bits for any number of threads") {
  const int before = threads();
  set_threads(1);
  const auto want = train<float>(training_config(), 20);
  for (const int count : {2, 3, 4, 8}) {
    INFO(count, " threads");
    set_threads(count);
    const auto got = train<float>(training_config(), 20);
    REQUIRE(got.size() == want.size());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(identical(got[i], want[i]));
  }
  set_threads(before);
}

TEST_CASE("training: a step after the first asks the system for no memory") {
  Training<float> training(training_config());
  training.step(0);
  const auto before = memory_statistics().system_allocations;
  for (int i = 1; i < 4; ++i) training.step(i);
  CHECK(memory_statistics().system_allocations == before);
}

TEST_CASE("dropout: none in evaluation, a function of the stream in training") {
  for (const char* place : {"layers", "feed-forward", "embedding"}) {
    INFO(place);
    ModelConfig config = mixed_config();
    const auto plain = logits(lively_model<double>(config), {});
    config.dropout = place == std::string("feed-forward") ? 0 : 0.2;
    config.slstm_feedforward->dropout = place == std::string("feed-forward") ? 0.2 : 0;
    config.add_embedding_dropout = place == std::string("embedding");
    const auto model = lively_model<double>(config);
    const CallOptions first{.dropout = Random{1}}, second{.dropout = Random{2}};
    CHECK(identical(logits(model, {}), plain));
    CHECK(identical(logits(model, first), logits(model, first)));
    CHECK(relative_error(logits(model, first), plain) > 1e-2);
    CHECK(relative_error(logits(model, first), logits(model, second)) > 1e-2);
  }
}

TEST_CASE("dropout: every place has a stream of its own") {
  const CallOptions options{.dropout = Random{1}};
  const auto ones = Tensor<float>::full({64}, 1);
  const auto mask = [&](const char* block, const char* member) {
    return options.named(block).named(member).drop(Var<float>(ones), 0.5).value;
  };
  CHECK(identical(mask("blocks.0", "xlstm"), mask("blocks.0", "xlstm")));
  CHECK(!identical(mask("blocks.0", "xlstm"), mask("blocks.0", "ffn")));
  CHECK(!identical(mask("blocks.0", "xlstm"), mask("blocks.1", "xlstm")));
  const Var<float> x(ones);
  CHECK(CallOptions{}.named("ffn").drop(x, 0.5).data() == x.data());
  CHECK(options.drop(x, 0).data() == x.data());
}

TEST_CASE("dropout: with probability 0 training and evaluation agree bit for bit") {
  const auto model = lively_model<double>(mixed_config());
  CHECK(identical(logits(model, {.dropout = Random{1}}), logits(model, {})));
}

}  // namespace carousel
