#include "ops/reduce.h"

#include <doctest/doctest.h>

namespace carousel {

TEST_CASE("sum and mean reduce the axis they are told to") {
  const Var<double> x = Tensor<double>::from({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(sum(x, 0).shape() == Shape{3});
  CHECK(sum(x, 0).data()[1] == 7);
  CHECK(sum(x, -1).data()[1] == 15);
  CHECK(mean(x, 1).data()[0] == 2);
  CHECK(sum(x).value.item() == 21);
  CHECK(mean(x).value.item() == 3.5);
}

TEST_CASE("sum of nothing is zero, mean of nothing an error") {
  const Var<float> empty = Tensor<float>(Shape{2, 0});
  CHECK(sum(empty, 1).data()[1] == 0);
  CHECK(sum(empty).value.item() == 0);
  CHECK_THROWS_WITH(mean(empty, 1), "mean: axis 1 of [2, 0] has no elements");
  CHECK_THROWS_WITH(mean(empty), "mean: x has shape [2, 0], want at least one element");
  CHECK_THROWS_WITH(sum(Var<float>()), "sum: x is undefined, want a tensor");
  CHECK_THROWS_WITH(sum(empty, 2), "sum: axis got 2, want one of [2, 0]");
}

}  // namespace carousel
