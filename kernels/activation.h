// Elementwise nonlinearities.
#pragma once

namespace carousel {

enum class Activation {
  sigmoid,
  tanh,
  silu,
  gelu,
  gelu_tanh,
  relu,
  relu_squared,
  selu,
  exp,
  log_sigmoid,
  softplus,
  identity,
};

}  // namespace carousel
