// The functions of kernels/avx2/math.h and gelu.h against double precision, in units in the last
// place.
//
// One in 61 of all 2^32 floats is tried; CAROUSEL_MATH_STRIDE=1 tries all of them. A prime stride
// meets every pattern of the last bits.
#if defined(__x86_64__)

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <string>
#include <string_view>

#include "core/parallel.h"
#include "kernels/avx2/gelu.h"
#include "kernels/avx2/math.h"
#include "kernels/kernels.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

constexpr std::int64_t block = 4096;
using Block = std::array<float, block>;

void apply(Floats (*f)(Floats), const Block& x, Block& y) {
  for (std::int64_t i = 0; i < block; i += Floats::lanes)
    f(Floats::load(x.data() + i)).store(y.data() + i);
}

float apply(Floats (*f)(Floats), float x) {
  Block y;
  f(x).store(y.data());
  return y[0];
}

}  // namespace

}  // namespace carousel::avx2

CAROUSEL_AVX2_END

namespace carousel::avx2 {

namespace {

// Formulas that are good to many more digits than a float has.
double exact_exp(double x) { return std::exp(x); }
double exact_log(double x) { return std::log(x); }
double exact_tanh(double x) { return std::tanh(x); }
double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double exact_softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double exact_log_sigmoid(double x) { return -exact_softplus(-x); }
double exact_silu(double x) { return x * exact_sigmoid(x); }
double exact_gelu(double x) { return x / 2 * std::erfc(-x / std::numbers::sqrt2); }

struct Function {
  std::string_view name;
  Floats (*f)(Floats);
  double (*exact)(double);
};
const Function functions[] = {
    {"exp", exp, exact_exp},
    {"log", log, exact_log},
    {"tanh", tanh, exact_tanh},
    {"sigmoid", sigmoid, exact_sigmoid},
    {"softplus", softplus, exact_softplus},
    {"log_sigmoid", log_sigmoid, exact_log_sigmoid},
    {"silu", silu, exact_silu},
    {"gelu", gelu, exact_gelu},
};

// |got − want| in units in the last place of the float nearest to want. NaN where got is NaN and
// want is a number, and the other way round.
double ulps(float got, double want) {
  constexpr double overflow = 0x1p128;
  if (std::isnan(want)) return std::isnan(got) ? 0 : want;
  const double end = std::clamp(want, -overflow, overflow);
  const double start = std::isinf(got) ? std::copysign(overflow, got) : static_cast<double>(got);
  const auto exponent = static_cast<int>((std::bit_cast<std::uint64_t>(want) >> 52) & 0x7ff) - 1023;
  // 2^(exponent − 23), and 2^−149 for subnormal floats; what overflows is measured at 2^128.
  const auto place = static_cast<std::uint64_t>(std::clamp(exponent, -126, 127) - 23 + 1023);
  return std::abs(start - end) / std::bit_cast<double>(place << 52);
}

struct Error {
  double ulps = 0;
  float at = 0;
};

Error worse(Error a, Error b) { return b.ulps <= a.ulps ? a : b; }

// Of the floats whose bits are first, first + stride, … below last.
Error worst_error(const Function& function, std::uint64_t first, std::uint64_t last,
                  std::uint64_t stride) {
  Error worst;
  Block x{}, y;
  while (first < last) {
    for (float& value : x) {
      value = std::bit_cast<float>(static_cast<std::uint32_t>(first));
      first = std::min(first + stride, last - 1 + stride);
      if (first >= last) break;
    }
    apply(function.f, x, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double want = function.exact(static_cast<double>(x[i]));
      worst = worse(worst, {ulps(y[i], want), x[i]});
    }
  }
  return worst;
}

// Of one in stride of all floats.
Error worst_error(const Function& function, std::uint64_t stride) {
  constexpr std::int64_t parts = 256, part = std::int64_t{1} << 24;
  std::array<Error, parts> errors;
  parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t) {
    const auto first = static_cast<std::uint64_t>(begin * part);
    const std::uint64_t after = (first + stride - 1) / stride * stride;
    errors[static_cast<std::size_t>(begin)] =
        worst_error(function, after, first + static_cast<std::uint64_t>(part), stride);
  });
  Error worst;
  for (const Error& error : errors) worst = worse(worst, error);
  return worst;
}

std::uint64_t stride() {
  if (const char* text = std::getenv("CAROUSEL_MATH_STRIDE")) return std::stoull(text);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  return 61;
#else
  return 4099;
#endif
}

bool runs_here() {
  const auto names = available_backends();
  return std::find(names.begin(), names.end(), "avx2") != names.end();
}

}  // namespace

TEST_CASE("avx2 functions are within 2 units in the last place") {
  if (!runs_here()) return;
  for (const Function& function : functions) {
    const Error worst = worst_error(function, stride());
    INFO(function.name, " at ", worst.at, ": ", worst.ulps, " units");
    CHECK(worst.ulps <= 2);
  }
}

TEST_CASE("avx2 functions have exact limits and let NaN through") {
  if (!runs_here()) return;
  constexpr float infinity = std::numeric_limits<float>::infinity();
  struct Limits {
    std::string_view name;
    Floats (*f)(Floats);
    float below, zero, above;  // f(−∞), f(0), f(∞)
  };
  const Limits all[] = {
      {"exp", exp, 0, 1, infinity},
      {"log", log, NAN, -infinity, infinity},
      {"tanh", tanh, -1, 0, 1},
      {"sigmoid", sigmoid, 0, 0.5F, 1},
      {"softplus", softplus, 0, std::log(2.0F), infinity},
      {"log_sigmoid", log_sigmoid, -infinity, -std::log(2.0F), 0},
      {"silu", silu, NAN, 0, infinity},
      {"gelu", gelu, NAN, 0, infinity},
  };
  const auto same = [](float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  for (const Limits& want : all) {
    INFO(want.name);
    CHECK(same(apply(want.f, -infinity), want.below));
    CHECK(same(apply(want.f, 0), want.zero));
    CHECK(same(apply(want.f, -0.0F), want.zero));
    CHECK(same(apply(want.f, infinity), want.above));
    CHECK(std::isnan(apply(want.f, NAN)));
    CHECK(std::isnan(apply(want.f, -NAN)));
  }
}

}  // namespace carousel::avx2

#endif
