#include "examples/language_model/inspect/inspection.h"

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "core/error.h"
#include "examples/language_model/inspect/cell_view.h"
#include "examples/language_model/parts.h"
#include "ops/cross_entropy.h"

namespace carousel::program {

namespace {

void append(BlockView& view, const HeadValues& values) {
  if (view.quantities.empty()) {
    for (const auto& [name, heads] : values) view.quantities.push_back({name, {}});
  }
  for (std::size_t k = 0; k < values.size(); ++k) {
    auto& quantity = view.quantities[k].values;
    quantity.resize(values[k].second.size());
    for (std::size_t h = 0; h < quantity.size(); ++h) quantity[h].push_back(values[k].second[h]);
  }
}

template <class Real>
std::vector<BlockView> view_blocks(const LanguageModel<Real>& model,
                                   std::span<const std::int32_t> tokens) {
  const auto& blocks = model.xlstm_block_stack.blocks;
  std::vector<BlockView> views;
  for (const auto& block : blocks) views.push_back({kind(block), {}});
  std::vector<BlockState<Real>> states(blocks.size());
  for (const std::int32_t token : tokens) {
    Residual<Real> x{model.token_embedding(Tensor<std::int32_t>::from({1, 1}, {token})), {}};
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const auto normed = blocks[b].xlstm_norm(x).y;
      auto [y, after] = blocks[b](x, states[b], {});
      append(views[b], view(blocks[b], normed, states[b], after));
      x = std::move(y);
      states[b] = std::move(after);
    }
  }
  return views;
}

// −log softmax(logits)[target] of each row. logits (1, S, V)
template <class Real>
std::vector<double> losses(const Tensor<Real>& logits, std::span<const std::int32_t> targets) {
  const std::int64_t V = logits.dim(-1);
  std::vector<double> result;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    const Real* const row = logits.data() + static_cast<std::int64_t>(t) * V;
    const auto largest = static_cast<double>(*std::max_element(row, row + V));
    double sum = 0;
    for (std::int64_t k = 0; k < V; ++k) sum += std::exp(static_cast<double>(row[k]) - largest);
    result.push_back(largest + std::log(sum) - static_cast<double>(row[targets[t]]));
  }
  return result;
}

template <class Real>
GradientNorm gradient_norm(const NamedParameter<Real>& parameter) {
  double squares = 0;
  const Tensor<Real> gradient = parameter.var.grad->value();
  for (const Real g : gradient.values()) squares += static_cast<double>(g) * static_cast<double>(g);
  return {parameter.name, std::sqrt(squares), parameter.var.numel()};
}

// By part, in the order in which the parts first appear.
template <class Real>
std::vector<GradientNorm> gradient_norms(const LanguageModel<Real>& model) {
  std::vector<GradientNorm> parts;
  for (const auto& parameter : parameters<Real>(model)) {
    const GradientNorm one = gradient_norm(parameter);
    const std::string name = part_of(parameter.name);
    if (parts.empty() || parts.back().name != name) parts.push_back({name});
    GradientNorm& part = parts.back();
    part.norm = std::hypot(part.norm, one.norm);
    part.numbers += one.numbers;
    part.parameters.push_back(one);
  }
  return parts;
}

}  // namespace

template <class Real>
Inspection inspect(const LanguageModel<Real>& model, std::span<const std::int32_t> tokens) {
  CAROUSEL_CHECK(tokens.size() >= 2,
                 "inspect: got {} token{}, want at least 2: the second is predicted", tokens.size(),
                 tokens.size() == 1 ? "" : "s");
  Inspection result;
  result.blocks = view_blocks(model, tokens);

  const auto S = static_cast<std::int64_t>(tokens.size()) - 1;
  const auto targets = tokens.last(tokens.size() - 1);
  Tape tape;
  const auto logits =
      model(Tensor<std::int32_t>::from({1, S}, tokens.first(tokens.size() - 1))).logits;
  tape.backward(cross_entropy(logits, Tensor<std::int32_t>::from({1, S}, targets)));
  result.losses = losses(logits.value, targets);
  result.gradients = gradient_norms(model);
  return result;
}

template Inspection inspect(const LanguageModel<float>&, std::span<const std::int32_t>);
template Inspection inspect(const LanguageModel<double>&, std::span<const std::int32_t>);

}  // namespace carousel::program
