#include "nn/adamw.h"

#include <algorithm>
#include <cmath>
#include <map>

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

void check_no_tape() {
  CAROUSEL_CHECK(
      Tape::current() == nullptr,
      "AdamW: step() while a tape is open, which has saved the values that would change");
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
  std::map<const Gradient<Real>*, std::string> seen;
  for (auto& parameter : parameters) {
    const auto& [name, var] = parameter;
    CAROUSEL_CHECK(var.wanted(), "AdamW: {} is a constant, want a parameter", name);
    const auto [other, is_new] = seen.emplace(var.grad.get(), name);
    CAROUSEL_CHECK(is_new, "AdamW: {} and {} are the same parameter", other->second, name);
    // With the gradients in place, the first training step needs what every later one needs.
    var.grad->reserve();
    const bool decayed = decays(name, options.weight_decay_on_embedding);
    Moments moments{
        .name = name,
        .m = Tensor<Real>::zeros(var.shape(), var.device()),
        .v = Tensor<Real>::zeros(var.shape(), var.device()),
    };
    entries_.push_back(
        {std::move(parameter), std::move(moments), decayed ? options.weight_decay : 0});
  }
  factors_ = Mirror<double>({static_cast<std::int64_t>(entries_.size()), 3}, device());
  squares_ = Mirror<double>({1}, device());
}

template <class Real>
Device AdamW<Real>::device() const {
  if (entries_.empty()) return Device::cpu;
  const NamedParameter<Real>& first = entries_.front().parameter;
  for (const auto& entry : entries_) {
    const auto& [parameter_name, var] = entry.parameter;
    CAROUSEL_CHECK(var.device() == first.var.device(),
                   "AdamW: {} is on device {} and {} on {}, want all parameters on one", first.name,
                   name(first.var.device()), parameter_name, name(var.device()));
  }
  return first.var.device();
}

template <class Real>
void AdamW<Real>::clip_gradients(double max_norm, const Tensor<Real>& losses) {
  CAROUSEL_CHECK(max_norm >= 0, "AdamW: max_norm got {}, want at least 0", max_norm);
  const Device here = device();
  const auto& k = kernels<Real>(here);
  squares_.move_to(here);
  double* const squares = squares_.there().mutable_data();
  squares_.there().fill(0);
  for (const auto& entry : entries_) {
    const auto& slot = entry.parameter.var.grad;
    if (!slot->arrived()) continue;
    const Tensor<Real> gradient = slot->value();
    k.sum_of_squares({.x = gradient.data(), .sum = squares, .N = gradient.numel()});
  }
  if (losses.defined()) {  // squares += 0 · Σ losses², which is 0 or not a number
    auto sum = Tensor<double>::zeros({1}, here);
    k.sum_of_squares({.x = losses.data(), .sum = sum.mutable_data(), .N = losses.numel()});
    kernels<double>(here).reduce_sum(
        {.x = sum.data(), .y = squares, .outer = 1, .n = 1, .inner = 1, .factor = 0});
  }
  squares_.down();
  measured_ = true;
  max_norm_ = max_norm;
}

template <class Real>
double AdamW<Real>::gradient_norm() const {
  synchronize(squares_.device());
  return std::sqrt(squares_.host()[0]);
}

template <class Real>
void AdamW<Real>::step(double learning_rate) {
  prepare(learning_rate);
  update();
}

template <class Real>
void AdamW<Real>::prepare(double learning_rate) {
  check_no_tape();
  CAROUSEL_CHECK(learning_rate >= 0 && std::isfinite(learning_rate),
                 "AdamW: learning_rate got {}, want a finite number of at least 0", learning_rate);
  factors_.move_to(device());
  synchronize(factors_.device());  // which has fetched the last ones by now
  auto to = factors_.host().begin();
  for (auto& [parameter, moments, weight_decay] : entries_) {
    if (parameter.var.grad->arrived()) ++moments.steps;
    const auto factors =
        adamw_factors(learning_rate, weight_decay, options_.beta1, options_.beta2, moments.steps);
    to = std::ranges::copy(factors, to).out;
  }
}

template <class Real>
void AdamW<Real>::update() {
  check_no_tape();
  const Device here = device();
  const auto& k = kernels<Real>(here);
  squares_.move_to(here);
  factors_.move_to(here);
  factors_.up();
  const double* factors = factors_.there().data();
  for (auto& [parameter, moments, weight_decay] : entries_) {
    moments.m.move_to(here);
    moments.v.move_to(here);
    if (parameter.var.grad->arrived()) {
      k.adamw_step({
          .gradient = parameter.var.grad->value().data(),
          .parameter = parameter.var.value.mutable_data(),
          .m = moments.m.mutable_data(),
          .v = moments.v.mutable_data(),
          .N = parameter.var.numel(),
          .squares = measured_ ? squares_.there().data() : nullptr,
          .max_norm = max_norm_,
          .factors = factors,
          .beta1 = options_.beta1,
          .beta2 = options_.beta2,
          .eps = options_.eps,
      });
    }
    factors += 3;
  }
  measured_ = false;
}

template <class Real>
void AdamW<Real>::clear_gradients() {
  for (const auto& entry : entries_) entry.parameter.var.grad->clear();
  measured_ = false;
}

template <class Real>
std::vector<typename AdamW<Real>::Moments> AdamW<Real>::moments() const {
  std::vector<Moments> result;
  for (const auto& entry : entries_) result.push_back(entry.moments);
  return result;
}

template <class Real>
void AdamW<Real>::restore(const std::vector<Moments>& moments) {
  CAROUSEL_CHECK(moments.size() == entries_.size(), "AdamW: got moments of {} parameters, want {}",
                 moments.size(), entries_.size());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const Moments& got = moments[i];
    const auto& [name, var] = entries_[i].parameter;
    CAROUSEL_CHECK(got.name == name, "AdamW: moments {} are of {}, want {}", i, got.name, name);
    for (const auto* moment : {&got.m, &got.v}) {
      CAROUSEL_CHECK(moment->defined() && moment->shape() == var.shape(),
                     "AdamW: moments of {} have shape {}, want {}", name, moment->shape(),
                     var.shape());
    }
    CAROUSEL_CHECK(got.steps >= 0, "AdamW: steps of {} got {}, want at least 0", name, got.steps);
  }
  const Device here = device();
  for (std::size_t i = 0; i < moments.size(); ++i) {
    entries_[i].moments = {moments[i].name, moments[i].m.clone(), moments[i].v.clone(),
                           moments[i].steps};
    // Now rather than in the first step, which may be rehearsed in memory that is not to be kept.
    entries_[i].moments.m.move_to(here);
    entries_[i].moments.v.move_to(here);
  }
}

template <class Real>
std::int64_t AdamW<Real>::steps() const {
  std::int64_t most = 0;
  for (const auto& entry : entries_) most = std::max(most, entry.moments.steps);
  return most;
}

template <class Real>
std::string AdamW<Real>::first_nonfinite_gradient() const {
  for (const auto& entry : entries_) {
    const auto& slot = entry.parameter.var.grad;
    if (!slot->arrived()) continue;
    const Tensor<Real> gradient = slot->value().to(Device::cpu);
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
