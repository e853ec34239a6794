// Gradients of whole models against difference quotients, in double.

#include "autograd/gradcheck.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "ops/cross_entropy.h"
#include "tests/nn/models.h"

namespace carousel {

namespace {

// A model of the same options, as small as they allow.
ModelConfig shrunk(ModelConfig config) {
  config.vocab_size = 7;
  if (config.slstm->num_heads <= 2) config.embedding_dim = 8;
  config.mlstm->proj_factor = 1;
  config.mlstm->multiple_of = 8;
  if (config.slstm_feedforward) config.slstm_feedforward->multiple_of = 4;
  if (config.mlstm_feedforward) config.mlstm_feedforward->multiple_of = 4;
  return config;
}

// A loss of a model with parameters θ, as a function of t on the line θ_p + t v of one parameter.
class Line {
 public:
  Line(const LanguageModel<double>& model, const CallOptions& options)
      : model_(model), options_(options) {}

  Var<double> loss() const {
    const auto V = model_.config.vocab_size;
    const auto tokens = random_tokens(2, 5, V, 1), targets = random_tokens(2, 5, V, 2);
    return cross_entropy(model_(tokens, {}, options_).logits, targets);
  }

  // d loss / dt by central differences of fourth order.
  double slope(Tensor<double> value, const Tensor<double>& direction, double h) const {
    const Tensor<double> start = value.clone();
    const auto at = [&](double t) {
      std::ranges::transform(start.values(), direction.values(), value.mutable_data(),
                             [&](double x, double v) { return x + t * v; });
      return loss().value.item();
    };
    const double result = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    std::ranges::copy(start.values(), value.mutable_data());
    return result;
  }

 private:
  const LanguageModel<double>& model_;
  const CallOptions& options_;
};

double dot(const Tensor<double>& a, const Tensor<double>& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) sum += a.data()[i] * b.data()[i];
  return sum;
}

double norm(const Tensor<double>& x) { return std::sqrt(dot(x, x)); }

// Norms of small vectors bend sharply: with 1e-4 the quotient's own error would show.
constexpr double step = 1e-5;

void check_parameters(const ModelConfig& config, const CallOptions& options) {
  const auto model = lively_model<double>(config);
  const Line line(model, options);
  {
    Tape tape;
    tape.backward(line.loss());
  }
  double largest = 0;
  for (const auto& [name, var] : parameters<double>(model)) {
    largest = std::max(largest, norm(var.grad->value()));
  }
  for (const auto& parameter : parameters<double>(model)) {
    INFO(parameter.name);
    const auto& var = parameter.var;
    const auto v = random_normal<double>(var.shape(), Random{3}.named(parameter.name));
    const double want = line.slope(var.value, v, step);
    // The quotient carries the rounding of the loss, about 1e-16 / step, whatever the parameter.
    const double scale = std::max(norm(var.grad->value()), 1e-3 * largest);
    CHECK(std::abs(dot(v, var.grad->value()) - want) <= 1e-7 * scale);
  }
}

// The tensors of a state in a row, and back.
std::vector<Var<double>> flatten(const ModelState<double>& state) {
  std::vector<Var<double>> result;
  for (const auto& block : state.blocks) {
    result.push_back(block.conv);
    result.insert(result.end(), block.cell.begin(), block.cell.end());
  }
  return result;
}

ModelState<double> unflatten(const std::vector<Var<double>>& vars,
                             const ModelState<double>& example) {
  ModelState<double> result;
  auto next = vars.begin();
  for (const auto& block : example.blocks) {
    auto& filled = result.blocks.emplace_back();
    filled.conv = *next++;
    for (std::size_t i = 0; i < block.cell.size(); ++i) filled.cell.push_back(*next++);
  }
  return result;
}

}  // namespace

TEST_CASE("gradcheck: every parameter of every kind of model") {
  for (const auto& named : model_configs()) {
    INFO(named.name);
    check_parameters(shrunk(named.config), {});
  }
}

TEST_CASE("gradcheck: with dropout and document boundaries") {
  ModelConfig config = shrunk(mixed_config());
  config.dropout = config.slstm_feedforward->dropout = 0.3;
  config.add_embedding_dropout = true;
  auto reset = Tensor<std::int32_t>::zeros({2, 5});
  reset.mutable_data()[2] = reset.mutable_data()[9] = 1;
  check_parameters(config, {.reset = reset, .dropout = Random{1}});
}

TEST_CASE("gradcheck: initial states, through logits and final states") {
  const auto model = lively_model<double>(shrunk(mixed_config()));
  const auto V = model.config.vocab_size;
  const auto example = model(random_tokens(2, 6, V, 1)).state;
  std::vector<Tensor<double>> inputs;
  for (const auto& var : flatten(example)) inputs.push_back(var.value);

  const auto function = [&](const std::vector<Var<double>>& vars) {
    const auto output = model(random_tokens(2, 3, V, 2), unflatten(vars, example));
    auto outputs = flatten(output.state);
    outputs.push_back(output.logits);
    return outputs;
  };
  const auto checks = gradcheck(function, inputs, {.step = step});
  for (std::size_t i = 0; i < checks.size(); ++i) {
    INFO("state tensor ", i);
    CHECK(checks[i].projection_error <= 1e-7);
  }
}

}  // namespace carousel
