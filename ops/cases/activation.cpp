#include "ops/activation.h"

#include "ops/cases/cases.h"

namespace carousel {

namespace {

constexpr Activation functions[] = {
    Activation::sigmoid,   Activation::tanh,        Activation::silu,         Activation::gelu,
    Activation::gelu_tanh, Activation::relu,        Activation::relu_squared, Activation::selu,
    Activation::exp,       Activation::log_sigmoid, Activation::softplus,     Activation::identity,
};

}  // namespace

void add_activation_cases(CaseList& list) {
  const auto alone = [](Activation f) {
    return [f](const auto& in) { return std::vector{activation(f, in[0])}; };
  };
  const auto gated = [](Activation f) {
    return [f](const auto& in) { return std::vector{gated_activation(f, in[0])}; };
  };
  const auto pair = [](Activation f) {
    return [f](const auto& in) { return std::vector{gate(f, in[0], in[1])}; };
  };
  for (const Activation f : functions) {
    list.add("activation", std::string(name(f)), {{"x", {3, 7}, 2}}, alone(f));
    list.add("gated_activation", std::string(name(f)), {{"x", {3, 2, 18}, 2}}, gated(f));
  }
  list.add("activation", "several chunks", {{"x", {17, 1031}}}, alone(Activation::gelu));
  list.add("gated_activation", "one element", {{"x", {2}}}, gated(Activation::gelu));
  list.add("gate", "several chunks", {{"gate", {530, 33}}, {"x", {530, 33}}},
           pair(Activation::silu));
  list.add("gate", "one number", {{"gate", {}}, {"x", {}}}, pair(Activation::sigmoid));
  list.add("gate", "x f(x)", {{"x", {5, 8}}},
           [](const auto& in) { return std::vector{gate(Activation::tanh, in[0], in[0])}; });
  const auto cap = [](double at) {
    return [at](const auto& in) { return std::vector{soft_cap(in[0], at)}; };
  };
  list.add_wide("soft_cap", "cap 15", {{"x", {2, 9}, 10}}, cap(15));
  list.add_wide("soft_cap", "several chunks", {{"x", {16411}}}, cap(0.5));
}

}  // namespace carousel
