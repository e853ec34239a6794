// Models and their optimiser on every device, and on the way between two.

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/tape.h"
#include "nn/adamw.h"
#include "nn/model_directory.h"
#include "ops/cross_entropy.h"
#include "tests/core/temporary_directory.h"
#include "tests/nn/models.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

// Training on random tokens, with everything that a step has.
template <class Real>
class Training {
 public:
  Training() : model_(config(), 1), optimizer_(parameters<Real>(model_), {}) {}

  void move(Device device) { move_to<Real>(model_, device); }

  // The loss before the step.
  double step() {
    const auto V = model_.config.vocab_size;
    const CallOptions options{.reset = reset(), .dropout = Random{1, count_}};
    double value = 0;
    {
      Tape tape;
      const auto loss = cross_entropy(model_(random_tokens(2, 9, V, count_), {}, options).logits,
                                      random_tokens(2, 9, V, 100 + count_));
      tape.backward(loss);
      value = static_cast<double>(loss.value.item());
    }
    optimizer_.clip_gradients(1);
    optimizer_.step(1e-2);
    optimizer_.clear_gradients();
    ++count_;
    return value;
  }

  std::vector<double> steps(int n) {
    std::vector<double> losses;
    for (int i = 0; i < n; ++i) losses.push_back(step());
    return losses;
  }

  const LanguageModel<Real>& model() const { return model_; }
  const AdamW<Real>& optimizer() const { return optimizer_; }

 private:
  static ModelConfig config() {
    ModelConfig result = mixed_config();
    result.dropout = 0.1;
    return result;
  }
  static Tensor<std::int32_t> reset() {
    auto result = Tensor<std::int32_t>::zeros({2, 9});
    result.mutable_data()[4] = result.mutable_data()[10] = 1;
    return result;
  }

  LanguageModel<Real> model_;
  AdamW<Real> optimizer_;
  std::uint64_t count_ = 0;
};

template <class Real>
std::vector<double> train_on(Device device, int steps) {
  Training<Real> training;
  training.move(device);
  return training.steps(steps);
}

double worst_difference(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] / b[i] - 1);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("training: the losses are those of the cpu, and the same bits again") {
  const auto single = train_on<float>(Device::cpu, 6);
  const auto twice = train_on<double>(Device::cpu, 6);
  on_each_device([&](Device device) {
    const auto losses = train_on<float>(device, 6);
    // Sums in another order are off by 1e-6 of a gradient; where it is nearly zero, Adam's division
    // by √v makes that a step of another sign, here of 1e-2 for a few of 2·10⁴ weights.
    CHECK(worst_difference(losses, single) <= 1e-4);
    CHECK(train_on<float>(device, 6) == losses);
    CHECK(worst_difference(train_on<double>(device, 3), {twice.begin(), twice.begin() + 3}) <=
          1e-9);
  });
}

TEST_CASE("a model moves in the middle of training, and its optimiser's moments follow") {
  on_each_device([](Device device) {
    Training<double> stays, moves;
    auto losses = moves.steps(2);
    const auto copy = moves.model();
    moves.move(device);
    CHECK(copy.token_embedding.weight.device() == device);
    CHECK(copy.token_embedding.weight.grad->value().device() == device);
    for (const double loss : moves.steps(2)) losses.push_back(loss);
    CHECK(moves.optimizer().moments()[0].m.device() == device);
    moves.move(Device::cpu);
    for (const double loss : moves.steps(2)) losses.push_back(loss);
    CHECK(worst_difference(losses, stays.steps(6)) <= 1e-9);
  });
}

TEST_CASE("a model that has moved is saved, loaded and moved again without a changed bit") {
  const auto model = lively_model<float>(mixed_config());
  on_each_device([&](Device device) {
    const TemporaryDirectory directory;
    move_to<float>(model, device);
    save_model(directory.path(), model);
    const auto loaded = load_model<float>(directory.path());
    CHECK(loaded.token_embedding.weight.device() == Device::cpu);
    move_to<float>(loaded, device);
    const auto original = parameters<float>(lively_model<float>(mixed_config()));
    const auto returned = parameters<float>(loaded);
    REQUIRE(returned.size() == original.size());
    for (std::size_t i = 0; i < original.size(); ++i) {
      INFO(original[i].name);
      CHECK(returned[i].var.device() == device);
      CHECK(identical(returned[i].var.value, original[i].var.value));
    }
    const auto tokens = random_tokens(2, 5, 29);
    CHECK(identical(loaded(tokens).logits.value, model(tokens).logits.value));
  });
}

TEST_CASE_TEMPLATE("token by token, from a state that has moved, and packed documents", Real, float,
                   double) {
  const auto model = lively_model<Real>(mixed_config());
  const auto tokens = random_tokens(2, 9, 29);
  auto reset = Tensor<std::int32_t>::zeros({2, 9});
  reset.mutable_data()[4] = reset.mutable_data()[13] = 1;
  const auto whole = model(tokens), packed = model(tokens, {}, {.reset = reset});
  const auto head = model(positions(tokens, 0, 4));
  on_each_device([&](Device device) {
    move_to<Real>(model, device);
    ModelState<Real> state = to(head.state, device);
    for (std::int64_t t = 4; t < 9; ++t) {
      auto output = model(positions(tokens, t, t + 1), std::move(state));
      state = std::move(output.state);
      CHECK(output.logits.device() == device);
      CHECK(relative_error(output.logits.value, positions(whole.logits.value, t, t + 1)) <=
            same_result<Real>);
    }
    CHECK(state.blocks[0].cell[0].device() == device);
    CHECK(state_error(state, whole.state) <= same_result<Real>);
    const auto again = model(tokens, {}, {.reset = reset});
    CHECK(relative_error(again.logits.value, packed.logits.value) <= same_result<Real>);
  });
}

TEST_CASE("AdamW changes nothing where the norm that it clips by is not finite") {
  on_each_device([](Device device) {
    const auto weight = parameter(Tensor<float>::full({5}, 1, device));
    const auto bias = parameter(Tensor<float>::full({3}, 2, device));
    AdamW<float> optimizer({{"weight", weight}, {"bias", bias}}, {});
    weight.grad->add(Tensor<float>::from({5}, {0, 0, INFINITY, 0, 0}));
    bias.grad->add(Tensor<float>::from({3}, {1, 1, 1}));
    optimizer.clip_gradients(0);
    optimizer.step(0.1);
    CHECK(std::isinf(optimizer.gradient_norm()));
    CHECK(optimizer.first_nonfinite_gradient() == "weight");
    CHECK(identical(weight.value, Tensor<float>::full({5}, 1)));
    CHECK(identical(bias.value, Tensor<float>::full({3}, 2)));
    CHECK(identical(optimizer.moments()[1].m, Tensor<float>::zeros({3})));
  });
}

TEST_CASE("AdamW changes nothing after a loss that is not finite") {
  on_each_device([](Device device) {
    const auto weight = parameter(Tensor<float>::full({5}, 1, device));
    AdamW<float> optimizer({{"weight", weight}}, {});
    const auto step_after = [&](float loss) {
      optimizer.clear_gradients();
      weight.grad->add(Tensor<float>::full({5}, 2));
      optimizer.clip_gradients(1, Tensor<float>::from({2}, {1, loss}).to(device));
      optimizer.step(0.1);
      return optimizer.gradient_norm();
    };
    for (const float loss : {INFINITY, -INFINITY, NAN}) {
      CHECK(std::isnan(step_after(loss)));
      CHECK(identical(weight.value, Tensor<float>::full({5}, 1)));
    }
    CHECK(std::abs(step_after(1e30F) - std::sqrt(20.0)) <= 1e-12);
    CHECK(!identical(weight.value, Tensor<float>::full({5}, 1)));
  });
}

TEST_CASE("moving is refused under a tape, and a model on two devices by its optimiser") {
  const LanguageModel<float> model(mixed_config(), 1);
  {
    const Tape tape;
    CHECK_THROWS_WITH(move_to<float>(model, Device::cpu),
                      "move_to: a tape is open, which has saved the values that would move");
  }
  if (!available(Device::cuda)) {
    CHECK_THROWS_WITH(move_to<float>(model, Device::cuda), doctest::Contains("device cuda: this "));
    return;
  }
  AdamW<float> optimizer(parameters<float>(model), {});
  move_to<float>(model.token_embedding, Device::cuda);
  CHECK_THROWS_WITH(optimizer.step(0.1), doctest::Contains("on cuda, want all parameters on one"));
  CHECK_THROWS_WITH(model(random_tokens(1, 2, 29)),
                    doctest::Contains("got tensors on devices cuda and cpu, want all on one"));
}

TEST_SUITE_END();

}  // namespace carousel
