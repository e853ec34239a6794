#include "kernels/activation.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace carousel {

namespace {

struct Named {
  std::string_view name;
  Activation f;
};

constexpr std::array<Named, 13> activations{{
    {"sigmoid", Activation::sigmoid},
    {"tanh", Activation::tanh},
    {"swish", Activation::silu},
    {"silu", Activation::silu},
    {"gelu", Activation::gelu},
    {"gelu_tanh", Activation::gelu_tanh},
    {"relu", Activation::relu},
    {"relu^2", Activation::relu_squared},
    {"selu", Activation::selu},
    {"exp", Activation::exp},
    {"log_sigmoid", Activation::log_sigmoid},
    {"softplus", Activation::softplus},
    {"identity", Activation::identity},
}};

}  // namespace

std::string_view name(Activation f) {
  return std::find_if(activations.begin(), activations.end(), [&](auto& a) { return a.f == f; })
      ->name;
}

Activation parse_activation(std::string_view name) {
  const auto found =
      std::find_if(activations.begin(), activations.end(), [&](auto& a) { return a.name == name; });
  if (found != activations.end()) return found->f;
  std::string known;
  for (const Named& a : activations)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", a.name);
  fail("activation: got \"{}\", want one of: {}", name, known);
}

}  // namespace carousel
