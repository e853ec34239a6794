// Every Activation on packs: its value f(x), and its slope f'(x) together with the value, because
// they share their exponential.
//
// As in the reference nothing overflows and no digits cancel in the tails; the value of NaN is NaN.
#pragma once

#include "kernels/activation.h"
#include "kernels/avx2/gelu.h"
#include "kernels/avx2/math.h"
#include "kernels/avx2/pack.h"
#include "kernels/avx2/region.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

template <class P>
ValueAndSlope(P, P) -> ValueAndSlope<P>;

// σ(x) and σ(−x) from one exponential and one division.
template <class P>
struct Logistic {
  P at, opposite;
};
template <class P>
inline Logistic<P> logistic(P x) {
  const P e = exp_flushed(-abs(x));
  const P large = 1 / (1 + e), small = e * large;
  const P below = x < P();
  return {select(below, small, large), select(below, large, small)};
}

struct Sigmoid {
  static auto value(auto x) { return sigmoid(x); }
  static auto both(auto x) {
    const auto [at, opposite] = logistic(x);
    return ValueAndSlope{at, at * opposite};
  }
};

struct Tanh {
  static auto value(auto x) { return tanh(x); }
  static auto both(auto x) {
    const auto [at, opposite] = logistic(2 * x);
    return ValueAndSlope{tanh(x), 4 * at * opposite};
  }
};

struct Silu {
  static auto value(auto x) { return silu(x); }
  static auto both(auto x) {
    const auto [at, opposite] = logistic(x);
    return ValueAndSlope{x * at, at * fma(x, opposite, 1)};
  }
};

struct Gelu {
  static auto value(auto x) { return gelu(x); }
  static auto both(auto x) { return gelu_and_slope(x); }
};

// x σ(v) with v = √(8/π) (x + 0.044715 x³), which is taken where σ(v) is still on its way: beyond,
// x³ would overflow.
struct GeluTanh {
  static auto value(auto x) { return both(x).value; }
  template <class Real>
  static auto both(Pack<Real> x) {
    using P = Pack<Real>;
    const P scale = static_cast<Real>(1.5957691216057307), cubic = static_cast<Real>(0.044715);
    const P near = min(P(30), max(P(-30), x));
    const P square = cubic * near * near;
    const auto [at, opposite] = logistic(scale * fma(square, near, near));
    const P slope = scale * fma(P(3), square, P(1));
    return ValueAndSlope{x * at, at * fma(x * opposite, slope, P(1))};
  }
};

struct Relu {
  template <class P>
  static P value(P x) {
    return max(P(), x);
  }
  template <class P>
  static auto both(P x) {
    return ValueAndSlope{value(x), (x > P()) & P(1)};
  }
};

struct ReluSquared {
  static auto value(auto x) { return Relu::value(x) * Relu::value(x); }
  static auto both(auto x) { return ValueAndSlope{value(x), 2 * Relu::value(x)}; }
};

// λ x above zero, λ α (e^x − 1) below.
struct Selu {
  static auto value(auto x) { return both(x).value; }
  template <class Real>
  static auto both(Pack<Real> x) {
    using P = Pack<Real>;
    const P lambda = static_cast<Real>(1.0507009873554804934);
    const P below = lambda * static_cast<Real>(1.6732632423543772848);
    const P negative = min(P(), x);
    return ValueAndSlope{select(x > P(), lambda * x, below * expm1_below(negative)),
                         select(x > P(), lambda, below * exp_flushed(negative))};
  }
};

struct Exp {
  static auto value(auto x) { return exp(x); }
  static auto both(auto x) { return ValueAndSlope{exp(x), exp(x)}; }
};

struct LogSigmoid {
  static auto value(auto x) { return log_sigmoid(x); }
  static auto both(auto x) { return ValueAndSlope{value(x), logistic(x).opposite}; }
};

struct Softplus {
  static auto value(auto x) { return softplus(x); }
  static auto both(auto x) { return ValueAndSlope{value(x), logistic(x).at}; }
};

struct Identity {
  static auto value(auto x) { return x; }
  static auto both(auto x) { return ValueAndSlope{x, decltype(x)(1)}; }
};

// Calls visit with the function that f names, so that the choice is made once and not per pack.
template <class Visit>
inline void with_function(Activation f, const Visit& visit) {
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

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
