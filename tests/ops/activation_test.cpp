#include "ops/activation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "autograd/tape.h"

namespace carousel {

namespace {

using Textbook = long double (*)(long double);

// The functions as textbooks write them. Sixteen-bit exponents (up to e^11356) keep even those
// finite.
struct Known {
  Activation f;
  Textbook value;
};
const Known textbook[] = {
    {Activation::sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); }},
    {Activation::tanh, [](long double x) { return std::tanh(x); }},
    {Activation::silu, [](long double x) { return x / (1 + std::exp(-x)); }},
    {Activation::gelu,
     [](long double x) { return x / 2 * std::erfc(-x / std::numbers::sqrt2_v<long double>); }},
    {Activation::gelu_tanh,
     [](long double x) {
       const auto root = std::sqrt(2 * std::numbers::inv_pi_v<long double>);
       return x / (1 + std::exp(-2 * root * (x + 0.044715L * x * x * x)));
     }},
    {Activation::relu, [](long double x) { return x > 0 ? x : 0; }},
    {Activation::relu_squared, [](long double x) { return x > 0 ? x * x : 0; }},
    {Activation::selu,
     [](long double x) {
       return 1.0507009873554805L * (x > 0 ? x : 1.6732632423543772L * std::expm1(x));
     }},
    {Activation::exp, [](long double x) { return std::exp(x); }},
    {Activation::log_sigmoid, [](long double x) { return -std::log1p(std::exp(-x)); }},
    {Activation::softplus, [](long double x) { return std::log1p(std::exp(x)); }},
    {Activation::identity, [](long double x) { return x; }},
};
const double points[] = {-1e4, -200, -90, -88.8, -8, -3, -0.5, 0, 0.5, 3, 8, 88.8, 90, 200, 1e4};

// By central differences, whose error is near 1e-11 at this step; not at the kinks of relu and
// selu.
long double slope(Textbook f, long double x) {
  const long double h = 1e-6L;
  return (f(x + h) - f(x - h)) / (2 * h);
}

// f(x) and f'(x) as the op computes them.
template <class Real>
std::pair<Real, Real> value_and_slope(Activation f, double at) {
  const auto x = parameter(Tensor<Real>::full({1}, static_cast<Real>(at)));
  Tape tape;
  const auto y = activation(f, x);
  tape.backward(y);
  return {y.value.item(), x.grad->value().item()};
}

template <class Real>
double error(Real got, long double want, long double floor) {
  if (want > std::numeric_limits<Real>::max()) return got > 0 && std::isinf(got) ? 0 : 1;
  const auto difference = std::abs(static_cast<long double>(got) - want);
  return static_cast<double>(difference / std::max(std::abs(want), floor));
}

}  // namespace

TEST_CASE_TEMPLATE("every activation is right at small and at extreme values", Real, float,
                   double) {
  // The exponent of a tail carries its own rounding times its size: 50 roundings at −8.
  const double tolerance = std::is_same_v<Real, float> ? 1e-5 : 2e-14;
  const long double smallest = std::numeric_limits<Real>::min();
  for (const Known& known : textbook) {
    const Activation f = known.f;
    for (const double at : points) {
      INFO(name(f), " at ", at);
      const long double x = static_cast<Real>(at);
      const auto [y, dy] = value_and_slope<Real>(f, at);
      CHECK(error(y, known.value(x), smallest) <= tolerance);
      const bool kink = at == 0 && (f == Activation::relu || f == Activation::relu_squared ||
                                    f == Activation::selu);
      if (!kink) CHECK(error(dy, slope(known.value, x), 1.0L) <= tolerance + 1e-9);
    }
  }
}

TEST_CASE("every activation lets NaN through") {
  const double nan = std::nan("");
  for (const Known& known : textbook) {
    const Activation f = known.f;
    INFO(name(f));
    CHECK(std::isnan(value_and_slope<double>(f, nan).first));
    CHECK(std::isnan(value_and_slope<float>(f, nan).first));
  }
  CHECK(std::isnan(soft_cap<float>(Tensor<float>::full({1}, NAN), 3).value.item()));
}

TEST_CASE("slopes at a kink are those of the left side") {
  CHECK(value_and_slope<double>(Activation::relu, 0).second == 0);
  CHECK(value_and_slope<double>(Activation::relu_squared, 0).second == 0);
  CHECK(std::abs(value_and_slope<double>(Activation::selu, 0).second - 1.7580993408473766) <=
        1e-15);
}

TEST_CASE("soft_cap is linear near zero and bounded far away") {
  const auto x = parameter(Tensor<double>::from({5}, {-1e4, -200, 1e-6, 200, 1e4}));
  Tape tape;
  const auto y = soft_cap(x, 15);
  const double want[] = {-15, -15, 1e-6, 15, 15};
  for (int i = 0; i < 5; ++i) CHECK(std::abs(y.data()[i] - want[i]) <= 1e-9);
  const std::vector outputs{y};
  const std::vector upstream{Tensor<double>::full({5}, 1)};
  tape.backward(std::span<const Var<double>>(outputs), std::span<const Tensor<double>>(upstream));
  const double slopes[] = {0, 0, 1, 0, 0};
  const auto gradient = x.grad->value();
  for (int i = 0; i < 5; ++i) CHECK(std::abs(gradient.data()[i] - slopes[i]) <= 1e-9);
}

TEST_CASE("the gate is the first half, and f applies to it") {
  const Var<double> x = Tensor<double>::from({2, 4}, {-1, 2, 10, 20, 3, -4, 30, 40});
  const auto y = gated_activation(Activation::relu, x);
  CHECK(y.shape() == Shape{2, 2});
  const double want[] = {0, 40, 90, 0};
  for (int i = 0; i < 4; ++i) CHECK(y.data()[i] == want[i]);
  const Var<double> g = Tensor<double>::from({2}, {2, -1}), up = Tensor<double>::from({2}, {5, 7});
  CHECK(gate(Activation::relu, g, up).data()[0] == 10);
  CHECK(gate(Activation::relu, g, up).data()[1] == 0);
}

TEST_CASE("gate computes only the gradients that are wanted") {
  const auto one = Tensor<float>::full({1}, 2);
  const auto x = parameter(one), g = parameter(one);
  Tape tape;
  tape.backward(gate(Activation::identity, gate(Activation::identity, Var<float>(one), x),
                     gate(Activation::identity, g, Var<float>(one))));
  CHECK(x.grad->value().item() == 8);
  CHECK(g.grad->value().item() == 8);
}

TEST_CASE("activations of nothing") {
  const Var<float> empty = Tensor<float>(Shape{0, 4});
  CHECK(activation(Activation::gelu, empty).shape() == Shape{0, 4});
  CHECK(gated_activation(Activation::gelu, empty).shape() == Shape{0, 2});
  CHECK(gate(Activation::gelu, empty, empty).shape() == Shape{0, 4});
  CHECK(gated_activation<float>(Activation::gelu, Tensor<float>(Shape{2, 0})).shape() ==
        Shape{2, 0});
}

TEST_CASE("activation names") {
  for (const Known& known : textbook) CHECK(parse_activation(name(known.f)) == known.f);
  CHECK(parse_activation("silu") == Activation::silu);
  CHECK(parse_activation("swish") == Activation::silu);
  CHECK(name(Activation::silu) == "swish");
  CHECK(name(Activation::relu_squared) == "relu^2");
  CHECK_THROWS_WITH(parse_activation("GELU"),
                    "activation: got \"GELU\", want one of: sigmoid, tanh, swish, silu, gelu, "
                    "gelu_tanh, relu, relu^2, selu, exp, log_sigmoid, softplus, identity");
}

TEST_CASE("activations refuse what they cannot use") {
  const Var<float> x = Tensor<float>::full({2, 3}, 1), other = Tensor<float>::full({3, 2}, 1);
  CHECK_THROWS_WITH(activation(Activation::relu, Var<float>()),
                    "activation: x is undefined, want a tensor");
  CHECK_THROWS_WITH(soft_cap(Var<float>(), 1), "soft_cap: x is undefined, want a tensor");
  CHECK_THROWS_WITH(soft_cap(x, 0), "soft_cap: cap got 0, want > 0");
  CHECK_THROWS_WITH(soft_cap(x, std::nan("")), "soft_cap: cap got nan, want > 0");
  CHECK_THROWS_WITH(gated_activation(Activation::relu, x),
                    "gated_activation: x has shape [2, 3], want an even last axis");
  CHECK_THROWS_WITH(gate(Activation::relu, x, other),
                    "gate: gate has shape [2, 3] and x [3, 2], want the same");
}

}  // namespace carousel
