// Steps that are recorded and replayed are those that are asked for kernel by kernel, bit for bit.

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "core/error.h"
#include "examples/language_model/trainer.h"
#include "tests/check_op.h"
#include "tests/nn/models.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

using program::Trainer;

// Of micro-batch i of step k.
struct Shapes {
  std::int64_t B = 2, S = 9, batches = 1;
  bool documents = false, carried = false;
};

Batch random_batch(const Shapes& shapes, std::int64_t k, std::int64_t i) {
  const auto seed = static_cast<std::uint64_t>(10 * k + i);
  Batch batch{random_tokens(shapes.B, shapes.S, 29, seed),
              random_tokens(shapes.B, shapes.S, 29, 1000 + seed),
              {}};
  if (!shapes.documents) return batch;
  // As many targets are left out as nobody could know before.
  batch.reset = Tensor<std::int32_t>::zeros({shapes.B, shapes.S});
  for (std::int64_t n = 0; n < batch.targets.numel(); ++n) {
    if ((n * 7 + k * 5 + i) % 6 != 0) continue;
    batch.reset.mutable_data()[n] = 1;
    batch.targets.mutable_data()[n] = -1;
  }
  return batch;
}

// All that steps leave behind.
struct Outcome {
  std::vector<double> numbers;
  std::vector<Tensor<float>> tensors;
  int replays = 0;
};

bool equal(const Outcome& a, const Outcome& b) {
  if (a.numbers != b.numbers || a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    if (!identical(a.tensors[i], b.tensors[i])) return false;
  return true;
}

class Session {
 public:
  Session(Device device, bool graph) {
    move_to<float>(model_, device);
    trainer_.emplace(model_, AdamWOptions{}, Schedule{.peak = 1e-2, .steps = 40}, 1, 7, graph);
  }

  void steps(int count, const Shapes& shapes) {
    carried_.resize(shapes.carried ? static_cast<std::size_t>(shapes.batches) : 0);
    for (int n = 0; n < count; ++n, ++k_) {
      std::vector<Batch> batches;
      for (std::int64_t i = 0; i < shapes.batches; ++i)
        batches.push_back(random_batch(shapes, k_, i));
      const auto result = trainer_->step(k_, batches, carried_);
      for (const double x : {result.loss, result.gradient_norm, result.learning_rate})
        outcome_.numbers.push_back(x);
      outcome_.replays += trainer_->replayed();
    }
  }

  // Work between two steps, in memory that a recording must not share.
  void evaluate(std::int64_t B, std::int64_t S) {
    const auto logits = model_(random_tokens(B, S, 29)).logits;
    outcome_.tensors.push_back(logits.value.to(Device::cpu));
  }

  Outcome outcome() {
    for (const auto& [name, var] : parameters<float>(model_))
      outcome_.tensors.push_back(var.value.to(Device::cpu));
    for (const auto& moments : trainer_->optimizer().moments()) {
      outcome_.tensors.push_back(moments.v.to(Device::cpu));
      outcome_.numbers.push_back(static_cast<double>(moments.steps));
    }
    for (const auto& state : carried_)
      for (const auto& block : state.blocks)
        for (const auto& var : block.cell) outcome_.tensors.push_back(var.value.to(Device::cpu));
    return outcome_;
  }

  Trainer<float>& trainer() { return *trainer_; }
  const LanguageModel<float>& model() const { return model_; }

 private:
  static ModelConfig config() {
    ModelConfig result = mixed_config();
    result.dropout = 0.1;
    return result;
  }

  LanguageModel<float> model_{config(), 1};
  std::optional<Trainer<float>> trainer_;
  std::vector<ModelState<float>> carried_;
  std::int64_t k_ = 0;
  Outcome outcome_;
};

// The same work with recordings and without, bit for bit, and on the cpu; so many of its steps are
// replays.
template <class Work>
void check_same(int replays, const Work& work) {
  const auto run = [&](Device device, bool graph) {
    Session session(device, graph);
    work(session);
    return session.outcome();
  };
  const Outcome with = run(Device::cuda, true), without = run(Device::cuda, false);
  const Outcome there = run(Device::cpu, true);
  CHECK(with.replays == replays);
  CHECK(without.replays == 0);
  CHECK(equal(with, without));
  // Sums in another order, of which Adam makes steps of another sign where a gradient is nearly
  // zero.
  REQUIRE(with.numbers.size() == there.numbers.size());
  for (std::size_t i = 0; i < there.numbers.size(); ++i)
    CHECK(std::abs(with.numbers[i] - there.numbers[i]) <= 1e-3 * std::abs(there.numbers[i]));
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("a recorded step is the step, bit for bit") {
  if (!available(Device::cuda)) return;
  SUBCASE("one batch") {
    check_same(4, [](Session& session) { session.steps(5, {}); });
  }
  SUBCASE("several batches") {
    check_same(3, [](Session& session) { session.steps(4, {.batches = 3}); });
  }
  SUBCASE("documents, and fewer targets than places") {
    check_same(3, [](Session& session) { session.steps(4, {.batches = 2, .documents = true}); });
  }
  SUBCASE("states that are carried from step to step") {
    // The first step makes the states, the second finds them in their places.
    check_same(3, [](Session& session) {
      session.steps(5, {.batches = 2, .documents = true, .carried = true});
    });
  }
  SUBCASE("other shapes, and other work in between") {
    check_same(5, [](Session& session) {
      session.steps(3, {});
      session.evaluate(2, 9);
      session.steps(1, {});
      session.steps(2, {.B = 1, .S = 5});
      session.evaluate(3, 12);
      session.steps(2, {});
    });
  }
}

TEST_CASE("a recorded step whose loss is not finite is given up as any other") {
  if (!available(Device::cuda)) return;
  const auto sentence = [](bool graph, float weight) {
    Session session(Device::cuda, graph);
    session.steps(3, {});
    CHECK(session.trainer().replayed() == graph);
    Tensor<float> spoilt = parameters<float>(session.model()).front().var.value;
    spoilt.fill(weight);
    const auto before = session.outcome();
    std::string said;
    try {
      session.steps(1, {});
    } catch (const Error& error) {
      said = error.what();
    }
    const auto after = session.outcome();
    for (std::size_t i = 0; i < before.tensors.size(); ++i)
      CHECK(identical(after.tensors[after.tensors.size() - before.tensors.size() + i],
                      before.tensors[i]));
    return said;
  };
  for (const float weight : {NAN, 1e38F}) {
    const std::string said = sentence(true, weight);
    CHECK(said.find("train: step 4: the loss is ") == 0);
    CHECK(said == sentence(false, weight));
  }
}

TEST_SUITE_END();

}  // namespace carousel
