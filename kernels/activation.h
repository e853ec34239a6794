// Elementwise nonlinearities, alone and as gates.
#pragma once

#include <cstdint>
#include <string_view>

namespace carousel {

enum class Activation {
  sigmoid,
  tanh,
  silu,       // x σ(x), also called swish
  gelu,       // x Φ(x), exact (Hendrycks & Gimpel 2016)
  gelu_tanh,  // its approximation through tanh
  relu,
  relu_squared,
  selu,  // Klambauer et al. 2017
  exp,
  log_sigmoid,
  softplus,
  identity,
};

// The name in configuration files, such as "relu^2" or "swish", and back; "silu" is understood too.
// Throws Error for a name that no activation has.
std::string_view name(Activation f);
Activation parse_activation(std::string_view name);

template <class Real>
struct ActivationForward {
  Activation f;
  const Real* x;  // (N)
  Real* y;        // (N)   f(x)
  std::int64_t N;
};

// Backward kernels add into dx and dgate; a null pointer means "not wanted".
template <class Real>
struct ActivationBackward {
  Activation f;
  const Real* dy;  // (N)
  const Real* x;   // (N)
  Real* dx;        // (N)  +=
  std::int64_t N;
};

template <class Real>
struct SoftCapForward {
  const Real* x;  // (N)
  Real* y;        // (N)   cap · tanh(x / cap)
  std::int64_t N;
  double cap;
};

template <class Real>
struct SoftCapBackward {
  const Real* dy;  // (N)
  const Real* x;   // (N)
  Real* dx;        // (N)  +=
  std::int64_t N;
  double cap;
};

// Rows of gate and x lie stride elements apart: two tensors, or the two halves of the rows of one.
template <class Real>
struct GateForward {
  Activation f;
  const Real* gate;  // (N, C), rows stride apart
  const Real* x;     // (N, C), rows stride apart
  Real* y;           // (N, C), contiguous   f(gate) x
  std::int64_t N, C, stride;
};

template <class Real>
struct GateBackward {
  Activation f;
  const Real* dy;    // (N, C), contiguous
  const Real* gate;  // (N, C), rows stride apart, as are all below
  const Real* x;     // (N, C)
  Real* dgate;       // (N, C)  +=
  Real* dx;          // (N, C)  +=
  std::int64_t N, C, stride;
};

}  // namespace carousel
