// Models whose activations are bf16, on the devices that compute in it.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/checkpoint.h"
#include "autograd/tape.h"
#include "core/safetensors.h"
#include "nn/adamw.h"
#include "nn/model_directory.h"
#include "ops/convert.h"
#include "ops/cross_entropy.h"
#include "tests/core/temporary_directory.h"
#include "tests/nn/models.h"

namespace carousel {

namespace {

constexpr std::int64_t B = 2, S = 9, V = 29;

Tensor<std::int32_t> resets() {
  auto result = Tensor<std::int32_t>::zeros({B, S});
  result.mutable_data()[4] = result.mutable_data()[10] = 1;
  return result;
}

CallOptions training_options() { return {.reset = resets(), .dropout = Random{1}}; }

// The first model's parameters, in the second.
void copy_parameters(const LanguageModel<bf16>& from, const LanguageModel<double>& to) {
  const auto sources = parameters<float>(from);
  auto targets = parameters<double>(to);
  REQUIRE(sources.size() == targets.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    REQUIRE(sources[i].name == targets[i].name);
    targets[i].var.value.copy_from(sources[i].var.value.to<double>());
  }
}

// A model a little off its initial parameters, rounded so that products take them as they are.
LanguageModel<bf16> lively_bf16(const ModelConfig& config) {
  LanguageModel<bf16> model(config, 1);
  for (const auto& [name, var] : parameters<float>(model)) {
    const double fan_in = var.rank() == 1 ? 4 : static_cast<double>(var.dim(-1));
    const auto noise =
        random_normal<float>(var.shape(), Random{1}.named(name), 0.1 / std::sqrt(fan_in));
    Tensor<float> value = var.value;  // shares storage with the model's
    std::ranges::transform(value.values(), noise.values(), value.mutable_data(), std::plus<>());
    value.copy_from(value.to<bf16>().to<float>());
  }
  return model;
}

// Logits, and a gradient in every parameter.
template <class Real>
Tensor<double> run(const LanguageModel<Real>& model) {
  Tape tape;
  const auto logits = model(random_tokens(B, S, V), {}, training_options()).logits;
  tape.backward(cross_entropy(logits, random_tokens(B, S, V, 2)));
  return logits.value.to(Device::cpu).template to<double>();
}

double norm(const Tensor<double>& x) {
  double squares = 0;
  for (const double value : x.values()) squares += value * value;
  return std::sqrt(squares);
}

// Every rounding is 2e-3 of a norm. Some ten lie behind a logit and some thirty behind a gradient,
// and norms over 16 channels enlarge them. Gradients of the gates' biases are sums in which nearly
// everything cancels, as a norm follows: what is left is small beside the whole gradient, and so is
// what is wrong with it.
void check_gradients(const LanguageModel<bf16>& model, const LanguageModel<double>& exact) {
  const auto got = parameters<float>(model);
  const auto want = parameters<double>(exact);
  double all = 0;
  for (const auto& parameter : want) all = std::hypot(all, norm(parameter.var.grad->value()));
  double all_errors = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO(got[i].name);
    const auto gradient = want[i].var.grad->value();
    auto difference = got[i].var.grad->value().to(Device::cpu).to<double>();
    std::ranges::transform(difference.values(), gradient.values(), difference.mutable_data(),
                           std::minus<>());
    const double error = norm(difference);
    CHECK(error <= 0.1 * norm(gradient) + 1e-3 * all);
    all_errors = std::hypot(all_errors, error);
  }
  CHECK(all_errors <= 0.05 * all);
}

// Training on random tokens; the losses before each step.
template <class Real>
std::vector<double> train(Device device, int steps) {
  const LanguageModel<Real> model(mixed_config(), 1);
  move_to<Wide<Real>>(model, device);
  AdamW<Wide<Real>> optimizer(parameters<Wide<Real>>(model), {});
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    {
      Tape tape;
      const auto logits = model(random_tokens(B, S, V), {}, training_options()).logits;
      const auto loss = cross_entropy(logits, random_tokens(B, S, V, 2));
      tape.backward(loss);
      losses.push_back(static_cast<double>(loss.value.item()));
    }
    optimizer.clip_gradients(1);
    optimizer.step(1e-2);
    optimizer.clear_gradients();
  }
  return losses;
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("bf16: logits and gradients of models are those of double") {
  if (!available(Device::cuda)) return;
  for (const auto& named : model_configs()) {
    INFO(named.name);
    ModelConfig config = named.config;
    config.dropout = 0.1;
    const auto model = lively_bf16(config);
    const LanguageModel<double> exact(config, 1);
    copy_parameters(model, exact);
    move_to<float>(model, Device::cuda);
    const auto want = run(exact);
    CHECK(relative_error(run(model), want) <= 3e-2);
    check_gradients(model, exact);
  }
}

TEST_CASE("bf16: a model read token by token, from a state that is float") {
  if (!available(Device::cuda)) return;
  const auto model = lively_bf16(mixed_config());
  move_to<float>(model, Device::cuda);
  const auto tokens = random_tokens(B, S, V);
  const auto whole = model(tokens);
  ModelState<float> state;
  for (std::int64_t t = 0; t < S; ++t) {
    auto output = model(positions(tokens, t, t + 1), std::move(state));
    state = std::move(output.state);
    CHECK(relative_error(output.logits.value, positions(whole.logits.value, t, t + 1)) <= 2e-2);
  }
  CHECK(state_error(state, whole.state) <= 1e-2);
}

TEST_CASE("bf16: the gates are float, from q, k, v and weights as they are") {
  if (!available(Device::cuda)) return;
  const ModelConfig config = mixed_config();
  const MlstmCell<bf16> cell(Init(1), config, *config.mlstm);
  const MlstmCell<double> exact(Init(1), config, *config.mlstm);
  const auto I = config.inner_dim();
  const auto draw = [](const char* name, const Shape& shape) {
    return random_normal<float>(shape, Random{}.named(name)).to<bf16>();
  };
  for (const auto* linear : {&cell.igate, &cell.fgate}) {
    Tensor<float> weight = linear->weight.value;  // shares storage with the cell's
    weight.copy_from(draw("weight", weight.shape()).to<float>());
    auto same = linear == &cell.igate ? exact.igate : exact.fgate;
    same.weight.value.copy_from(weight.to<double>());
    same.bias.value.copy_from(linear->bias.value.to<double>());
  }
  move_to<float>(cell, Device::cuda);
  const auto q = draw("q", {B, S, I}), k = draw("k", {B, S, I}), v = draw("v", {B, S, I});
  const auto there = [](const Tensor<bf16>& x) { return Var<bf16>(x.to(Device::cuda)); };
  const auto here = [](const Tensor<bf16>& x) { return Var<double>(x.to<double>()); };
  const auto got = cell.gates(there(q), there(k), there(v));
  const auto want = exact.gates(here(q), here(k), here(v));
  const auto error = [](const Var<float>& x, const Var<double>& y) {
    return relative_error(x.value.to(Device::cpu).to<double>(), y.value);
  };
  // Sums of 192 exact products in float; rounded to bf16 they would be off by 2e-3.
  CHECK(error(got.i, want.i) <= 1e-6);
  CHECK(error(got.f, want.f) <= 1e-6);
}

TEST_CASE("bf16: a checkpoint gives the same gradients") {
  if (!available(Device::cuda)) return;
  const ModelConfig config = mixed_config();
  const GatedFeedForward<bf16> layer(Init(1), config, *config.slstm_feedforward);
  move_to<float>(layer, Device::cuda);
  const Function<bf16> function = [&](const std::vector<Var<bf16>>& in) {
    return std::vector{layer(in[0], {})};
  };
  const auto gradients = [&](bool wrapped) {
    const auto x = parameter(random_normal<float>({B, S, 16}, Random{1}).to(Device::cuda));
    const auto upstream = random_normal<float>({B, S, 16}, Random{2}).to(Device::cuda);
    Tape tape;
    const std::vector in{narrow<bf16>(x)};
    const Var<float> y = widen((wrapped ? checkpoint(function, in) : function(in))[0]);
    tape.backward(std::span<const Var<float>>(&y, 1), std::span(&upstream, 1));
    std::vector<Tensor<float>> result{x.grad->value().to(Device::cpu)};
    for (const auto& [name, var] : parameters<float>(layer)) {
      result.push_back(var.grad->value().to(Device::cpu).clone());
      var.grad->clear();
    }
    return result;
  };
  const auto plain = gradients(false), wrapped = gradients(true);
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(identical(wrapped[i], plain[i]));
}

TEST_CASE("bf16: training makes the losses of float, and the same bits again") {
  if (!available(Device::cuda)) return;
  const auto want = train<float>(Device::cpu, 8), got = train<bf16>(Device::cuda, 8);
  CHECK(want.back() <= 0.8 * want.front());
  // Gradients are off by some 1e-2, and so is what they gain.
  for (std::size_t i = 0; i < want.size(); ++i) CHECK(std::abs(got[i] / want[i] - 1) <= 1e-2);
  CHECK(train<bf16>(Device::cuda, 8) == got);
}

TEST_CASE("bf16: a model is saved as float32, and loads as one") {
  const LanguageModel<bf16> model(mixed_config(), 1);
  if (available(Device::cuda)) move_to<float>(model, Device::cuda);
  const TemporaryDirectory directory;
  save_model(directory.path(), model);
  const Safetensors file(directory / "model.safetensors");
  for (const auto& name : file.names()) CHECK(file.dtype(name) == "F32");
  const auto as_float = load_model<float>(directory.path());
  const auto as_bf16 = load_model<bf16>(directory.path());
  const auto want = parameters<float>(model), one = parameters<float>(as_float),
             other = parameters<float>(as_bf16);
  for (std::size_t i = 0; i < want.size(); ++i) {
    CHECK(identical(one[i].var.value, want[i].var.value));
    CHECK(identical(other[i].var.value, want[i].var.value));
  }
}

TEST_CASE("bf16: the cpu refuses in a sentence") {
  const LanguageModel<bf16> model(mixed_config(), 1);
  CHECK_THROWS_WITH(model(random_tokens(1, 2, V)),
                    "bf16: got device cpu, want cuda: no other one computes in it");
}

TEST_SUITE_END();

}  // namespace carousel
