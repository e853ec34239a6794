// Every Activation: its value f(x) and its slope f'(x), for float and double.
//
// They are written so that nothing overflows and no digits cancel in the tails: 1 − σ(x) is σ(−x),
// and 1 − tanh²(x) is 4 σ(2x) σ(−2x). The value of NaN is NaN. They are constexpr so that kernels
// on GPUs may call them.
#pragma once

#include <cmath>
#include <numbers>

#include "kernels/activation.h"
#include "kernels/reference/gates.h"

namespace carousel::reference {

struct Sigmoid {
  static constexpr auto value(auto x) { return sigmoid(x); }
  static constexpr auto slope(auto x) { return sigmoid(x) * sigmoid(-x); }
};

struct Tanh {
  static constexpr auto value(auto x) { return std::tanh(x); }
  static constexpr auto slope(auto x) { return 4 * sigmoid(2 * x) * sigmoid(-2 * x); }
};

struct Silu {
  static constexpr auto value(auto x) { return x * sigmoid(x); }
  static constexpr auto slope(auto x) { return sigmoid(x) * (1 + x * sigmoid(-x)); }
};

// x Φ(x), with the normal distribution Φ(x) = erfc(−x / √2) / 2 and Φ'(x) = e^(−x²/2) / √(2π).
struct Gelu {
  static constexpr auto value(auto x) { return x * distribution(x); }
  static constexpr auto slope(auto x) { return distribution(x) + x * density(x); }

 private:
  template <class Real>
  static constexpr Real distribution(Real x) {
    return std::erfc(-x / std::numbers::sqrt2_v<Real>) / 2;
  }
  template <class Real>
  static constexpr Real density(Real x) {
    return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi_v<Real> / std::numbers::sqrt2_v<Real>;
  }
};

// x (1 + tanh u) / 2 = x σ(2u), with 2u = √(8/π) (x + 0.044715 x³).
struct GeluTanh {
  static constexpr auto value(auto x) { return x * sigmoid(u2(x)); }
  static constexpr auto slope(auto x) {
    return sigmoid(u2(x)) * (1 + x * sigmoid(-u2(x)) * du2(x));
  }

 private:
  template <class Real>
  static constexpr Real scale = 2 * std::numbers::sqrt2_v<Real>* std::numbers::inv_sqrtpi_v<Real>;
  template <class Real>
  static constexpr Real cubic = static_cast<Real>(0.044715);

  template <class Real>
  static constexpr Real u2(Real x) {
    return scale<Real> * (x + cubic<Real> * x * x * x);
  }
  template <class Real>
  static constexpr Real du2(Real x) {
    return scale<Real> * (1 + 3 * cubic<Real> * x * x);
  }
};

struct Relu {
  static constexpr auto value(auto x) { return x < 0 ? 0 : x; }
  static constexpr auto slope(auto x) { return x > 0 ? decltype(x){1} : 0; }
};

struct ReluSquared {
  static constexpr auto value(auto x) { return Relu::value(x) * Relu::value(x); }
  static constexpr auto slope(auto x) { return 2 * Relu::value(x); }
};

// λ x above zero, λ α (e^x − 1) below.
struct Selu {
  static constexpr auto value(auto x) {
    return x > 0 ? lambda<decltype(x)> * x : below(std::expm1(x));
  }
  static constexpr auto slope(auto x) { return x > 0 ? lambda<decltype(x)> : below(std::exp(x)); }

 private:
  template <class Real>
  static constexpr Real lambda = static_cast<Real>(1.0507009873554804934);

  template <class Real>
  static constexpr Real below(Real x) {
    return lambda<Real> * static_cast<Real>(1.6732632423543772848) * x;
  }
};

struct Exp {
  static constexpr auto value(auto x) { return std::exp(x); }
  static constexpr auto slope(auto x) { return std::exp(x); }
};

struct LogSigmoid {
  static constexpr auto value(auto x) { return log_sigmoid(x); }
  static constexpr auto slope(auto x) { return sigmoid(-x); }
};

struct Softplus {
  static constexpr auto value(auto x) { return -log_sigmoid(-x); }
  static constexpr auto slope(auto x) { return sigmoid(x); }
};

struct Identity {
  static constexpr auto value(auto x) { return x; }
  static constexpr auto slope(auto x) { return decltype(x){1}; }
};

// Calls visit with the function that f names, so that the choice is made once and not per element.
template <class Visit>
constexpr void with_function(Activation f, const Visit& visit) {
  switch (f) {
    case Activation::sigmoid:
      return visit(Sigmoid{});
    case Activation::tanh:
      return visit(Tanh{});
    case Activation::silu:
      return visit(Silu{});
    case Activation::gelu:
      return visit(Gelu{});
    case Activation::gelu_tanh:
      return visit(GeluTanh{});
    case Activation::relu:
      return visit(Relu{});
    case Activation::relu_squared:
      return visit(ReluSquared{});
    case Activation::selu:
      return visit(Selu{});
    case Activation::exp:
      return visit(Exp{});
    case Activation::log_sigmoid:
      return visit(LogSigmoid{});
    case Activation::softplus:
      return visit(Softplus{});
    case Activation::identity:
      return visit(Identity{});
  }
}

}  // namespace carousel::reference
