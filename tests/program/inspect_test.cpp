// What `carousel inspect` shows of a model, against the equations and the model itself.

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/tape.h"
#include "core/error.h"
#include "examples/language_model/inspect/inspection.h"
#include "ops/cross_entropy.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace {

using program::inspect;
using program::Inspection;
using Values = std::vector<std::vector<double>>;  // [head][token]

const std::vector<std::int32_t> prompt{10, 3, 7, 7, 250, 0, 31, 99, 10};

const Values& quantity(const program::BlockView& block, const std::string& name) {
  for (const auto& one : block.quantities) {
    if (one.name == name) return one.values;
  }
  fail("test: there is no {}", name);
}

// As many heads as units, so that the mean over a head's units is a unit, and R is not zero.
ModelConfig config_of_units() {
  ModelConfig config = tiny_config();
  config.slstm->num_heads = config.embedding_dim;
  config.slstm->recurrent_weight_init = RecurrentWeightInit::standard;
  config.slstm->bias_init = BiasInit::standard;
  return config;
}

double loss(const LanguageModel<double>& model) {
  const auto S = static_cast<std::int64_t>(prompt.size()) - 1;
  const std::span<const std::int32_t> tokens(prompt);
  const auto inputs = Tensor<std::int32_t>::from({1, S}, tokens.first(prompt.size() - 1));
  const auto targets = Tensor<std::int32_t>::from({1, S}, tokens.last(prompt.size() - 1));
  return cross_entropy(model(inputs).logits, targets).value.item();
}

// The cell's state of a block after the first t + 1 tokens, read in one call.
std::vector<Var<double>> state_after(const LanguageModel<double>& model, std::size_t t,
                                     std::size_t block) {
  const std::span<const std::int32_t> tokens(prompt);
  const auto S = static_cast<std::int64_t>(t) + 1;
  return model(Tensor<std::int32_t>::from({1, S}, tokens.first(t + 1))).state.blocks[block].cell;
}

double norm(const Var<double>& x, std::size_t head, std::size_t heads) {
  const auto values = x.value.values();
  const std::size_t n = values.size() / heads;
  double squares = 0;
  for (const double v : values.subspan(head * n, n)) squares += v * v;
  return std::sqrt(squares);
}

// Rounding of a few operations in double.
bool equal(double a, double b) { return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b)); }

}  // namespace

TEST_CASE("inspect: an mLSTM's m, n and C are the model's, and its gates lead from m to m") {
  const LanguageModel<double> model(tiny_config(), 3);
  const Inspection inspection = inspect<double>(model, prompt);
  const auto& block = inspection.blocks.at(0);
  REQUIRE(block.kind == "mlstm");
  for (std::size_t t = 0; t < prompt.size(); ++t) {
    const auto state = state_after(model, t, 0);
    for (std::size_t h = 0; h < 2; ++h) {
      const auto at = [&](const char* name) { return quantity(block, name).at(h).at(t); };
      CHECK(equal(at("memory"), norm(state[0], h, 2)));
      CHECK(equal(at("n"), norm(state[1], h, 2)));
      CHECK(equal(at("m"), state[2].value.values()[h]));
      const double m_before = t == 0 ? -INFINITY : quantity(block, "m").at(h).at(t - 1);
      const double carried = std::log(at("forget")) + m_before;
      CHECK(equal(at("m"), std::max(carried, at("input_log"))));
      CHECK(equal(at("input_stable"), std::exp(at("input_log") - at("m"))));
      CHECK(equal(at("forget_stable"), std::exp(carried - at("m"))));
      CHECK(at("normaliser") >= std::exp(-at("m")) * (1 - 1e-12));
    }
  }
}

TEST_CASE("inspect: an sLSTM's gates lead from state to state of the model") {
  ModelConfig config = config_of_units();
  SUBCASE("sigmoid forget gate") {}
  SUBCASE("exponential forget gate") { config.slstm->forget_gate = ForgetGate::exponential; }
  const LanguageModel<double> model(config, 3);
  const Inspection inspection = inspect<double>(model, prompt);
  const auto& block = inspection.blocks.at(1);
  REQUIRE(block.kind == "slstm");
  for (std::size_t t = 0; t < prompt.size(); ++t) {
    const auto state = state_after(model, t, 1);
    for (std::size_t h = 0; h < 8; ++h) {
      const auto at = [&](const char* name) { return quantity(block, name).at(h).at(t); };
      const auto before = [&](const char* name) { return quantity(block, name).at(h).at(t - 1); };
      CHECK(equal(at("m"), state[3].value.values()[h]));
      CHECK(equal(at("n"), state[2].value.values()[h]));
      CHECK(equal(at("cell"), std::abs(state[1].value.values()[h])));
      CHECK(equal(at("hidden"), std::abs(state[0].value.values()[h])));
      CHECK(equal(at("hidden"), at("output") * at("cell") / at("n")));
      CHECK(equal(at("input_stable"), std::exp(at("input_log") - at("m"))));
      if (t == 0) {
        CHECK(at("forget_stable") == 0);
        continue;
      }
      CHECK(equal(at("m"), std::max(std::log(at("forget")) + before("m"), at("input_log"))));
      CHECK(equal(at("n"), at("forget_stable") * before("n") + at("input_stable")));
    }
  }
}

TEST_CASE("inspect: an LSTM's output is its output gate times tanh of its cell") {
  ModelConfig config = config_of_units();
  config.slstm->function = CellFunction::lstm;
  const LanguageModel<double> model(config, 3);
  const Inspection inspection = inspect<double>(model, prompt);
  const auto& block = inspection.blocks.at(1);
  REQUIRE(block.kind == "lstm");
  for (std::size_t t = 0; t < prompt.size(); ++t) {
    const auto state = state_after(model, t, 1);
    for (std::size_t h = 0; h < 8; ++h) {
      const auto at = [&](const char* name) { return quantity(block, name).at(h).at(t); };
      CHECK(equal(at("cell"), std::abs(state[1].value.values()[h])));
      CHECK(equal(at("hidden"), at("output") * std::tanh(at("cell"))));
      CHECK((at("input") > 0 && at("input") < 1 && at("forget") > 0 && at("forget") < 1));
    }
  }
}

TEST_CASE(
    "inspect: the losses' mean is the loss, and moving along a gradient raises it by its norm") {
  const LanguageModel<double> model(config_of_units(), 5);
  const Inspection inspection = inspect<double>(model, prompt);
  REQUIRE(inspection.losses.size() == prompt.size() - 1);
  double mean = 0;
  for (const double one : inspection.losses) mean += one / static_cast<double>(prompt.size() - 1);
  CHECK(equal(mean, loss(model)));

  std::size_t checked = 0;
  const auto parameters = carousel::parameters<double>(model);
  for (const auto& part : inspection.gradients) {
    double squares = 0;
    std::int64_t numbers = 0;
    for (const auto& one : part.parameters) {
      squares += one.norm * one.norm;
      numbers += one.numbers;
      Tensor<double> value = parameters.at(checked).var.value;  // shares the model's memory
      REQUIRE(parameters.at(checked).name == one.name);
      const Tensor<double> before = value.clone();
      const Tensor<double> gradient = parameters.at(checked).var.grad->value().clone();
      const auto moved = [&](double distance) {
        for (std::int64_t i = 0; i < value.numel(); ++i) {
          value.mutable_data()[i] =
              before.data()[i] + (one.norm > 0 ? distance * gradient.data()[i] / one.norm : 0);
        }
        return loss(model);
      };
      const double step = 1e-4;
      const double slope = (moved(step) - moved(-step)) / (2 * step);
      moved(0);
      INFO(one.name);
      // The error of the quotient is of second order in the step, 1e-8, times the curvature.
      CHECK(std::abs(slope - one.norm) <= 1e-6 * std::max(1.0, one.norm));
      ++checked;
    }
    CHECK(equal(part.norm, std::sqrt(squares)));
    CHECK(part.numbers == numbers);
  }
  CHECK(checked == parameters.size());
}

TEST_CASE("inspect: fewer than two tokens are refused") {
  const LanguageModel<double> model(tiny_config(), 3);
  CHECK_THROWS_AS(inspect<double>(model, std::span(prompt).first(1)), Error);
}

}  // namespace carousel
