// Small models, batches and measures that the tests of nn/ share.
#pragma once

#include <string>
#include <vector>

#include "nn/language_model.h"
#include "tests/check_op.h"

namespace carousel {

// d = 16, V = 29, two heads, I = 64, U = 64; block 1 of 3 is an sLSTM.
ModelConfig mixed_config();

// One config for every option that changes the parameters or the computation.
struct NamedConfig {
  std::string name;
  ModelConfig config;
};
std::vector<NamedConfig> model_configs();

// Moves every parameter off its initial value: zeros and ones hide mistakes.
template <class Real>
void perturb(const LanguageModel<Real>& model, std::uint64_t seed = 1);

// A model with perturbed parameters.
template <class Real>
LanguageModel<Real> lively_model(const ModelConfig& config, std::uint64_t seed = 1) {
  LanguageModel<Real> model(config, seed);
  perturb(model, seed);
  return model;
}

// (B, S) tokens in [0, V).
Tensor<std::int32_t> random_tokens(std::int64_t B, std::int64_t S, std::int64_t V,
                                   std::uint64_t seed = 1);

// Positions [begin, end) of x (B, S, …), on the cpu.
template <class T>
Tensor<T> positions(const Tensor<T>& x, std::int64_t begin, std::int64_t end);

// The largest relative_error between the tensors of two states.
template <class Real>
double state_error(const ModelState<Real>& a, const ModelState<Real>& b);

// Rounding differs between orders of computation; these are the bars for equal results.
template <class Real>
constexpr double same_result = std::is_same_v<Real, float> ? 1e-5 : 1e-12;

}  // namespace carousel
