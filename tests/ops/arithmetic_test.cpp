#include "ops/arithmetic.h"

#include <doctest/doctest.h>

namespace carousel {

TEST_CASE("arithmetic computes what it says") {
  const Var<double> a = Tensor<double>::from({2, 2}, {1, 2, 3, 4});
  const Var<double> v = Tensor<double>::from({2}, {10, 100});
  CHECK(add(a, a).data()[3] == 8);
  CHECK(multiply(a, a).data()[3] == 16);
  CHECK(scale(a, -3).data()[1] == -6);
  CHECK(add_bias(a, v).data()[2] == 13);
  CHECK(channel_scale(a, v).data()[3] == 400);
}

TEST_CASE("arithmetic refuses shapes that do not fit") {
  const Var<double> a = Tensor<double>::zeros({2, 3}), b = Tensor<double>::zeros({2});
  CHECK_THROWS_WITH(add(a, b), "add: b has shape [2], want that of a, [2, 3]");
  CHECK_THROWS_WITH(multiply(a, b), "multiply: b has shape [2], want that of a, [2, 3]");
  const Var<double> number = Tensor<double>::zeros({});
  CHECK_THROWS_WITH(add(number, Var<double>()), "add: an argument is undefined, want two tensors");
  CHECK_THROWS_WITH(multiply(Var<double>(), number),
                    "multiply: an argument is undefined, want two tensors");
  CHECK_THROWS_WITH(scale(Var<double>(), 2), "scale: x is undefined, want a tensor");
  CHECK_THROWS_WITH(add_bias(a, b), "add_bias: bias has shape [2], want [C] for x of shape [2, 3]");
  CHECK_THROWS_WITH(channel_scale(a, b),
                    "channel_scale: weight has shape [2], want [C] for x of shape [2, 3]");
}

}  // namespace carousel
