#include "ops/layout.h"

#include <doctest/doctest.h>

namespace carousel {

namespace {

Var<double> counting(const Shape& shape) {
  Tensor<double> x(shape);
  for (std::int64_t i = 0; i < x.numel(); ++i) x.mutable_data()[i] = static_cast<double>(i);
  return x;
}

bool equal(const Var<double>& x, std::initializer_list<double> values) {
  const auto actual = x.value.values();
  return std::equal(actual.begin(), actual.end(), values.begin(), values.end());
}

}  // namespace

TEST_CASE("layout ops put elements where they belong") {
  const auto x = counting({2, 3});
  CHECK(equal(concat<double>({x, counting({2, 1})}, 1), {0, 1, 2, 0, 3, 4, 5, 1}));
  CHECK(equal(split(x, {1, 2}, -1)[1], {1, 2, 4, 5}));
  CHECK(equal(slice(x, 0, 1, 1), {3, 4, 5}));
  CHECK(equal(permute(x, {1, 0}), {0, 3, 1, 4, 2, 5}));
  CHECK(equal(permute(counting({2, 1, 3}), {1, 2, 0}), {0, 3, 1, 4, 2, 5}));
  CHECK(reshape(x, {3, 2}).data() == x.data());
}

TEST_CASE("layout ops take empty pieces") {
  const auto x = counting({2, 3});
  CHECK(slice(x, 1, 3, 0).shape() == Shape{2, 0});
  CHECK(equal(concat<double>({x, slice(x, 1, 3, 0)}, 1), {0, 1, 2, 3, 4, 5}));
  CHECK(split(x, {0, 3}, 1)[0].numel() == 0);
}

TEST_CASE("layout ops refuse shapes that do not fit") {
  const auto x = counting({2, 3});
  CHECK_THROWS_WITH(concat<double>({}, 0), "concat: got no parts, want at least one");
  CHECK_THROWS_WITH(concat<double>({x, counting({3, 2})}, 1),
                    "concat: a part has shape [3, 2], want [2, 3] but for axis 1");
  CHECK_THROWS_WITH(concat<double>({x}, 2), "concat: axis got 2, want one of [2, 3]");
  CHECK_THROWS_WITH(split(x, {1, 1}, 1),
                    "split: sizes got [1, 1], want a sum of 3 for axis 1 of [2, 3]");
  CHECK_THROWS_WITH(slice(x, 1, 2, 2),
                    "slice: got 2 positions from 2, want them inside axis 1 of [2, 3]");
  CHECK_THROWS_WITH(permute(x, {0, 0}),
                    "permute: order got [0, 0], want every axis of [2, 3] once");
  CHECK_THROWS_WITH(reshape(x, {4}), "reshape: cannot see [2, 3] as [4]");
}

}  // namespace carousel
