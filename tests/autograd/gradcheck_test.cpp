#include "autograd/gradcheck.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/record.h"
#include "core/random.h"

namespace carousel {

namespace {

using Vars = std::vector<Var<double>>;

// y = x³, with a gradient that is one percent too large at one place when asked to be.
Var<double> cube(const Var<double>& x, std::int64_t wrong_at) {
  Tensor<double> y(x.shape());
  for (std::int64_t i = 0; i < x.numel(); ++i) y.mutable_data()[i] = std::pow(x.data()[i], 3);
  auto backward = [x = x.value, wrong_at, dx = x.grad](const Tensor<double>& dy) {
    double* const slot = into(dx);
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      const double factor = i == wrong_at ? 1.01 : 1;
      slot[i] += factor * dy.data()[i] * 3 * x.data()[i] * x.data()[i];
    }
  };
  return record("cube", y, {x}, [&] { return backward; });
}

InputCheck check_cube(std::int64_t wrong_at) {
  const Function<double> function = [wrong_at](const Vars& in) {
    return std::vector{cube(in[0], wrong_at)};
  };
  return gradcheck(function, {random_normal<double>({3, 4}, Random{1}, 1, 2)})[0];
}

}  // namespace

TEST_CASE("gradcheck passes a right gradient") { CHECK(check_cube(-1).error() <= 1e-10); }

TEST_CASE("gradcheck finds a wrong element, its place and both values") {
  const auto check = check_cube(7);
  CHECK(check.worst == 7);
  CHECK(std::abs(check.analytic / check.numeric - 1.01) <= 1e-8);
  CHECK(check.element_error > 1e-4);
  CHECK(check.projection_error > 1e-5);
}

TEST_CASE("gradcheck reports a gradient that is missing or not a number") {
  const Function<double> missing = [](const Vars& in) {
    return Vars{Var<double>(cube(in[0], -1).value)};
  };
  const auto check = gradcheck(missing, {Tensor<double>::full({2}, 1)})[0];
  CHECK(check.projection_error == 1);
  CHECK(check.element_error == 1);

  const Function<double> not_a_number = [](const Vars& in) {
    auto backward = [dx = in[0].grad](const Tensor<double>&) { *into(dx) += std::nan(""); };
    return std::vector{record("nan", in[0].value.clone(), {in[0]}, [&] { return backward; })};
  };
  CHECK(std::isnan(gradcheck(not_a_number, {Tensor<double>::full({1}, 1)})[0].error()));
}

TEST_CASE("gradcheck sees every element of an input, however few it looks at one by one") {
  // One wrong element in 2000, of which 64 are looked at: the projection must see it.
  const Function<double> function = [](const Vars& in) { return std::vector{cube(in[0], 1234)}; };
  const auto x = random_normal<double>({2000}, Random{1}, 1, 2);
  const auto check = gradcheck(function, {x})[0];
  CHECK(check.element_error <= 1e-9);
  CHECK(check.projection_error > 1e-7);
}

TEST_CASE("gradcheck leaves out inputs and outputs that are not there") {
  const Function<double> function = [](const Vars& in) {
    CHECK_FALSE(in[1].defined());
    return Vars{{}, cube(in[0], -1), {}};
  };
  const auto checks = gradcheck(function, {Tensor<double>::full({2}, 1), Tensor<double>()});
  CHECK(checks[0].error() <= 1e-10);
  CHECK(checks[1].error() == 0);
}

TEST_CASE("gradcheck reports values that are not finite beside the point") {
  // √x at 1e-4 is fine, but the quotient's points lie on both sides of 0.
  const Function<double> root = [](const Vars& in) {
    Tensor<double> y({1});
    y.fill(std::sqrt(in[0].value.item()));
    auto backward = [y, dx = in[0].grad](const Tensor<double>& dy) {
      *into(dx) += dy.item() / (2 * y.item());
    };
    return std::vector{record("root", y, {in[0]}, [&] { return backward; })};
  };
  CHECK(std::isnan(gradcheck(root, {Tensor<double>::full({1}, 1e-4)})[0].error()));
  CHECK(gradcheck(root, {Tensor<double>::full({1}, 4)})[0].error() <= 1e-10);
}

TEST_CASE("gradcheck takes inputs that the function ignores") {
  const Function<double> first = [](const Vars& in) { return std::vector{cube(in[0], -1)}; };
  const auto one = Tensor<double>::full({2}, 1);
  CHECK(gradcheck(first, {one, one})[1].error() == 0);
}

TEST_CASE("gradcheck refuses float, infinite values and functions without output") {
  const Function<double> nothing = [](const Vars&) { return Vars{}; };
  CHECK_THROWS_WITH(gradcheck(nothing, {Tensor<double>::full({1}, 1)}),
                    "gradcheck: the function has no output");
  const Function<double> same = [](const Vars& in) { return in; };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(gradcheck(same, {Tensor<double>::full({1}, infinity)}),
                    "gradcheck: output 0 is not finite at the point given");
  const Function<float> single = [](const std::vector<Var<float>>& in) { return in; };
  CHECK_THROWS_WITH(gradcheck(single, {Tensor<float>::full({1}, 1)}),
                    "gradcheck: got float, want double: a difference quotient in single precision "
                    "carries about three correct digits, too few to tell a wrong gradient from "
                    "rounding");
  const Function<bf16> narrow = [](const std::vector<Var<bf16>>& in) { return in; };
  CHECK_THROWS_WITH(gradcheck(narrow, {Tensor<bf16>::zeros({1})}),
                    "gradcheck: got bf16, want double: numbers of two to three digits leave none "
                    "to a difference quotient");
}

}  // namespace carousel
