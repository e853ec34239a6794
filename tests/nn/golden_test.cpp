// The official package's numbers: logits, losses, gradients, a training run, greedy text.
// tests/golden/README.md says what is in the files.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "autograd/tape.h"
#include "core/file.h"
#include "core/safetensors.h"
#include "nn/adamw.h"
#include "nn/model_directory.h"
#include "ops/cross_entropy.h"
#include "ops/layout.h"
#include "tests/nn/models.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

const std::filesystem::path golden = CAROUSEL_SOURCE_DIR "/tests/golden";

// The golden numbers are exact to about 1e-13; single precision keeps 6e-8 per operation.
template <class Real>
constexpr double golden_tolerance = std::is_same_v<Real, float> ? 2e-5 : 1e-9;

// A golden gradient in the layout of our parameter: one file has the cuda layout.
Tensor<double> golden_gradient(const Safetensors& file, const std::string& name,
                               const Shape& kernel_in_weights) {
  const auto gradient = file.read<double>("grad." + name);
  const bool cuda = kernel_in_weights.rank() == 3 && kernel_in_weights[1] < kernel_in_weights[2];
  if (!cuda) return gradient;
  if (name.ends_with("_recurrent_kernel_")) {
    return permute(Var<double>(gradient), {0, 2, 1}).value;
  }
  const Var<double> by_head = gradient.reshape({kernel_in_weights[0], 4, kernel_in_weights[1]});
  return permute(by_head, {1, 0, 2}).value.reshape(gradient.shape());
}

// The shape, in the weights file, of the recurrent kernel that a parameter belongs to; else [].
Shape kernel_shape(const Safetensors& weights, const std::string& name) {
  for (const std::string suffix : {"_recurrent_kernel_", "_bias_"}) {
    if (!name.ends_with(suffix)) continue;
    return weights.shape(name.substr(0, name.size() - suffix.size()) + "_recurrent_kernel_");
  }
  return {};
}

double norm(const Tensor<double>& x) {
  double squares = 0;
  for (const double value : x.values()) squares += value * value;
  return std::sqrt(squares);
}

// Raising an mLSTM's input gate everywhere scales C and n alike, so its bias has a gradient only
// through max(…, exp(−m)) + eps: a sum that nearly cancels. What cancels has the size of the
// weight's gradient, so single precision is measured against both together. (The package's own
// gradients in single precision are off by up to 1e-2 of this bias alone, by 1e-5 of anything
// else.)
template <class Real>
double gradient_error(const Safetensors& file, const std::string& name, const Tensor<double>& got,
                      const Tensor<double>& want) {
  const double error = relative_error(got, want);
  const std::string suffix = "mlstm_cell.igate.bias";
  if (std::is_same_v<Real, double> || !name.ends_with(suffix)) return error;
  const std::string gate = name.substr(0, name.size() - std::string("bias").size());
  const double of_weight = norm(file.read<double>("grad." + gate + "weight"));
  return error * norm(want) / std::hypot(norm(want), of_weight);
}

template <class Real>
void check_model(const std::filesystem::path& directory, Device device) {
  const auto model = load_model<Real>(directory);
  move_to<Real>(model, device);
  const Safetensors file(directory / "golden.safetensors");
  const Safetensors weights(directory / "model.safetensors");
  Tape tape;
  const auto output = model(file.read<std::int32_t>("tokens"));
  const auto loss = cross_entropy(output.logits, file.read<std::int32_t>("targets"));
  tape.backward(loss);

  constexpr double tolerance = golden_tolerance<Real>;
  const auto logits = output.logits.value.template to<double>();
  CHECK(relative_error(logits, file.read<double>("logits")) <= tolerance);
  const auto loss_value = loss.value.template to<double>().reshape({1});
  CHECK(relative_error(loss_value, file.read<double>("loss")) <= tolerance);
  std::size_t gradients = 0;
  for (const auto& parameter : parameters<Real>(model)) {
    const std::string& name = parameter.name;
    INFO(name);
    const auto got = parameter.var.grad->value().template to<double>();
    const auto want = golden_gradient(file, name, kernel_shape(weights, name));
    CHECK(gradient_error<Real>(file, name, got, want) <= tolerance);
    ++gradients;
  }
  const auto in_file = std::ranges::count_if(
      file.names(), [](const std::string& name) { return name.starts_with("grad."); });
  CHECK(std::cmp_equal(gradients, in_file));
}

AdamWOptions adamw_options(const nlohmann::json& settings) {
  return {.beta1 = settings["betas"][0],
          .beta2 = settings["betas"][1],
          .eps = settings["eps"],
          .weight_decay = settings["weight_decay"]};
}

// Step `index` of a tensor (steps, B, S).
Tensor<std::int32_t> batch(const Tensor<std::int32_t>& all, std::int64_t index) {
  const Shape shape{all.dim(1), all.dim(2)};
  return Tensor<std::int32_t>::from(shape, std::span(all.data() + index * shape.numel(),
                                                     static_cast<std::size_t>(shape.numel())));
}

double relative(double got, double want) { return std::abs(got - want) / std::abs(want); }

template <class Real>
void check_training(Device device, double step_tolerance, double weight_tolerance) {
  const auto directory = golden / "training";
  const auto model = load_model<Real>(directory);
  move_to<Real>(model, device);
  const auto settings = nlohmann::json::parse(read_file(directory / "optimizer.json"));
  const Safetensors file(directory / "golden.safetensors");
  const auto tokens = file.read<std::int32_t>("tokens");
  const auto targets = file.read<std::int32_t>("targets");
  const auto losses = file.read<double>("losses"), norms = file.read<double>("grad_norms");
  const auto rates = file.read<double>("learning_rates");
  AdamW<Real> optimizer(parameters<Real>(model), adamw_options(settings));

  for (std::int64_t step = 0; step < losses.numel(); ++step) {
    INFO("step ", step);
    {
      Tape tape;
      const auto loss = cross_entropy(model(batch(tokens, step)).logits, batch(targets, step));
      tape.backward(loss);
      CHECK(relative(loss.value.item(), losses.data()[step]) <= step_tolerance);
    }
    optimizer.clip_gradients(settings["max_grad_norm"]);
    CHECK(relative(optimizer.gradient_norm(), norms.data()[step]) <= step_tolerance);
    optimizer.step(rates.data()[step]);
    optimizer.clear_gradients();
  }
  for (const auto& parameter : parameters<Real>(model)) {
    INFO(parameter.name);
    const auto got = parameter.var.value.template to<double>();
    const auto want = file.read<double>("final." + parameter.name);
    CHECK(relative_error(got, want) <= weight_tolerance);
  }
}

// Feeds bytes one at a time and returns the best byte after the last.
unsigned char feed(const LanguageModel<double>& model, ModelState<double>& state,
                   std::string_view bytes) {
  Var<double> logits;
  for (const char byte : bytes) {
    const auto token = Tensor<std::int32_t>::full({1, 1}, static_cast<unsigned char>(byte));
    auto output = model(token, state);
    logits = output.logits;
    state = std::move(output.state);
  }
  const auto on_host = logits.value.to(Device::cpu);
  const auto values = on_host.values();
  return static_cast<unsigned char>(std::ranges::max_element(values) - values.begin());
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("golden: logits, loss and every gradient of the package's models") {
  on_each_device([](Device device) {
    int cases = 0;
    for (const auto& entry : std::filesystem::directory_iterator(golden / "models")) {
      INFO(entry.path().filename().string());
      check_model<double>(entry.path(), device);
      check_model<float>(entry.path(), device);
      ++cases;
    }
    CHECK(cases >= 12);
  });
}

TEST_CASE("golden: twenty AdamW steps") {
  on_each_device([](Device device) {
    check_training<double>(device, 1e-9, 1e-7);
    // Adam divides by √v: where a gradient is nearly zero, its rounding moves a weight by a step.
    check_training<float>(device, 1e-5, 1e-3);
  });
}

TEST_CASE("golden: greedy text, token by token") {
  const auto directory = golden / "greedy";
  const auto model = load_model<double>(directory);
  const auto expected = nlohmann::json::parse(read_file(directory / "greedy.json"));
  const std::string want = expected["text"];
  REQUIRE(want.size() == 200);

  on_each_device([&](Device device) {
    move_to<double>(model, device);
    ModelState<double> state;
    std::string text, fed = expected["prompt"];
    while (text.size() < want.size()) {
      fed = static_cast<char>(feed(model, state, fed));
      text += fed;
    }
    CHECK(text == want);
  });
}

TEST_SUITE_END();

}  // namespace carousel
