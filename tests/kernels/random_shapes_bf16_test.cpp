// Every kernel of bf16 against the reference in double from the same numbers, which bf16 holds
// where activations are, on 200 random shapes each, options and contents included.

#include <doctest/doctest.h>

#include <string>

#include "kernels/reference/reference.h"
#include "tests/kernels/random_shapes.h"

namespace carousel {

namespace {

// Of the squared errors of results in bf16 and of wide ones, relative to them.
struct Tolerance {
  double narrow, wide;
};

// Results are computed as exactly as in single precision. Those in bf16 are rounded once, by at
// most half of the last of 8 binary digits, 2^-8.
constexpr Tolerance rounded_once{1.01 * 0x1p-16, 1e-12};
// Twice: what the product is added to, or weights that activations are multiplied with, before.
constexpr Tolerance product{4 * rounded_once.narrow, 1e-12};
// Often, for tensor cores: scaled q, k and gradients, weighted scores, states; a hundredth.
constexpr Tolerance chain_of_products{1e-4, 1e-4};

Tolerance tolerance_of(const std::string& name) {
  if (name == "matmul" || name.starts_with("block_diagonal")) return product;
  if (name.starts_with("mlstm") && name != "mlstm_recurrent_forward") return chain_of_products;
  return rounded_once;
}

// A kernel, and the reference in single precision and in double.
template <template <class> class Arguments>
struct Line {
  const char* name;
  void (*kernel)(const Arguments<bf16>&);
  void (*single)(const Arguments<float>&);
  void (*exact)(const Arguments<double>&);
};

// In double the arguments of matmul_wide and of matmul are one type.
template <class Real>
struct WideProduct {
  WideMatMul<Real> product;
};
template <class Real>
void draw(Trial<Real>& t, WideProduct<Real>& a) {
  draw_product<Real, Wide<Real>>(t, t.wide(), a.product);
}

// Narrow and Widen, where there is nothing to convert.
template <class Args>
void copy(const Args& a) {
  for (std::int64_t i = 0; i < a.N; ++i) a.y[i] = (a.accumulate ? a.y[i] : 0) + a.x[i];
}

// What a result may be off by where terms cancel, squared: in single precision as much as the
// reference; in bf16 as much as it would be if nothing but the inputs were rounded.
template <template <class> class Arguments>
double unavoidable_error(const Line<Arguments>& line, Random random, std::size_t result,
                         bool in_single) {
  const auto exact = run<double>(line.exact, {.random = random, .of_bf16 = true});
  return mean_error([&](std::uint64_t neighbour) {
    const Draws draws{.random = random, .neighbour = neighbour, .of_bf16 = true};
    const auto moved = run<double>(line.exact, draws);
    if (!in_single) return error_of(moved.results[result], exact.results[result]);
    const auto single = run<float>(line.single, draws);
    return error_of(single.results[result], moved.results[result]);
  });
}

template <template <class> class Arguments>
void check_shape(const Line<Arguments>& line, std::uint64_t shape, Count& count) {
  const Random random = Random{shape}.named(line.name);
  const Tolerance tolerance = tolerance_of(line.name);
  const auto exact = run<double>(line.exact, {.random = random, .of_bf16 = true});
  INFO("shape ", shape, ", sizes and #choices:", exact.drawn);
  const auto narrow =
      run<bf16>(line.kernel, {.random = random, .device = Device::cuda, .of_bf16 = true});
  for (std::size_t i = 0; i < exact.results.size(); ++i) {
    ++count.results;
    const TrialResult& want = exact.results[i];
    const double allowed = want.wide ? tolerance.wide : tolerance.narrow;
    const double error = error_of(narrow.results[i], want);
    if (error <= allowed) continue;
    ++count.beyond;
    INFO(std::string(want.wide ? "wide" : "narrow"), " result ", i, " of ", want.values.numel(),
         " numbers");
    CHECK(error <= 16 * unavoidable_error(line, random, i, allowed < 1e-10));
  }
}

template <template <class> class Arguments>
void check(const Line<Arguments>& line) {
  check_random_shapes([&](std::uint64_t shape, Count& count) { check_shape(line, shape, count); });
}

}  // namespace

TEST_CASE("every kernel of bf16 agrees with the reference on random shapes" *
          doctest::test_suite("devices")) {
  if (!available(Device::cuda)) return;
  const auto& table = kernels<bf16>(Device::cuda);
#define CAROUSEL_CHECK_LINE(function, Arguments)                                                 \
  SUBCASE(#function) {                                                                           \
    check(Line<Arguments>{#function, table.function, reference::function, reference::function}); \
  }
  CAROUSEL_COMMON_KERNELS(CAROUSEL_CHECK_LINE)
#undef CAROUSEL_CHECK_LINE
  SUBCASE("matmul_wide") {
    check(Line<WideProduct>{
        "matmul_wide",
        [](const WideProduct<bf16>& a) { kernels<bf16>(Device::cuda).matmul_wide(a.product); },
        [](const WideProduct<float>& a) { reference::matmul(a.product); },
        [](const WideProduct<double>& a) { reference::matmul(a.product); }});
  }
  SUBCASE("narrow") { check(Line<Narrow>{"narrow", table.narrow, copy, copy}); }
  SUBCASE("widen") { check(Line<Widen>{"widen", table.widen, copy, copy}); }
}

}  // namespace carousel
