#include "nn/adamw.h"

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "kernels/kernels.h"

namespace carousel {

namespace {

void check_options(const AdamWOptions& options) {
  const auto is_beta = [](double beta) { return beta >= 0 && beta < 1; };
  CAROUSEL_CHECK(is_beta(options.beta1) && is_beta(options.beta2),
                 "AdamW: betas got {} and {}, want [0, 1)", options.beta1, options.beta2);
  CAROUSEL_CHECK(options.eps >= 0, "AdamW: eps got {}, want at least 0", options.eps);
  CAROUSEL_CHECK(options.weight_decay >= 0, "AdamW: weight_decay got {}, want at least 0",
                 options.weight_decay);
}

}  // namespace

bool decays(std::string_view parameter_name, bool weight_decay_on_embedding) {
  const auto contains = [&](std::string_view part) {
    return parameter_name.find(part) != std::string_view::npos;
  };
  if (contains("token_embedding")) return weight_decay_on_embedding;
  return contains("weight") && !contains("norm");
}

template <class Real>
AdamW<Real>::AdamW(std::vector<NamedParameter<Real>> parameters, const AdamWOptions& options)
    : options_(options) {
  check_options(options);
  for (auto& parameter : parameters) {
    CAROUSEL_CHECK(parameter.var.wanted(), "AdamW: {} is a constant, want a parameter",
                   parameter.name);
    const bool decayed = decays(parameter.name, options.weight_decay_on_embedding);
    const auto zeros = [&] {
      return Tensor<Real>::zeros(parameter.var.shape(), parameter.var.device());
    };
    auto m = zeros(), v = zeros();
    entries_.push_back(
        {std::move(parameter), std::move(m), std::move(v), decayed ? options.weight_decay : 0});
  }
}

template <class Real>
double AdamW<Real>::clip_gradients(double max_norm) {
  CAROUSEL_CHECK(max_norm >= 0, "AdamW: max_norm got {}, want at least 0", max_norm);
  double squares = 0;
  for (const auto& [parameter, m, v, decay] : entries_) {
    if (!parameter.var.grad->arrived()) continue;
    const Tensor<Real> gradient = parameter.var.grad->value();
    kernels<Real>(gradient.device())
        .sum_of_squares({.x = gradient.data(), .sum = &squares, .N = gradient.numel()});
  }
  const double norm = std::sqrt(squares);
  gradient_scale_ = max_norm > 0 ? std::min(1.0, max_norm / (norm + 1e-6)) : 1;
  return norm;
}

template <class Real>
void AdamW<Real>::step(double learning_rate) {
  CAROUSEL_CHECK(
      Tape::current() == nullptr,
      "AdamW: step() while a tape is open, which has saved the values that would change");
  ++steps_;
  for (auto& [parameter, m, v, weight_decay] : entries_) {
    if (!parameter.var.grad->arrived()) continue;
    const Tensor<Real> gradient = parameter.var.grad->value();
    kernels<Real>(gradient.device())
        .adamw_step({
            .gradient = gradient.data(),
            .parameter = parameter.var.value.mutable_data(),
            .m = m.mutable_data(),
            .v = v.mutable_data(),
            .N = gradient.numel(),
            .gradient_scale = gradient_scale_,
            .learning_rate = learning_rate,
            .beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .eps = options_.eps,
            .weight_decay = weight_decay,
            .step = steps_,
        });
  }
  gradient_scale_ = 1;
}

template <class Real>
void AdamW<Real>::clear_gradients() {
  for (const auto& entry : entries_) entry.parameter.var.grad->clear();
}

template <class Real>
std::string AdamW<Real>::first_nonfinite_gradient() const {
  for (const auto& entry : entries_) {
    const auto& slot = entry.parameter.var.grad;
    if (!slot->arrived()) continue;
    const Tensor<Real> gradient = slot->value();
    const auto values = gradient.values();
    if (!std::all_of(values.begin(), values.end(), [](Real g) { return std::isfinite(g); })) {
      return entry.parameter.name;
    }
  }
  return {};
}

template class AdamW<float>;
template class AdamW<double>;

}  // namespace carousel
