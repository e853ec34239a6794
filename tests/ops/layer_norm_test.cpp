#include "ops/layer_norm.h"

#include <doctest/doctest.h>

#include "core/random.h"
#include "ops/arithmetic.h"
#include "tests/check_op.h"

namespace carousel {

TEST_CASE("add_layer_norm is the norm of a sum, and the sum") {
  const auto draw = [](const Shape& shape, std::uint64_t stream) {
    return Var<double>(random_normal<double>(shape, Random{5, stream}));
  };
  const auto x = draw({3, 4, 6}, 1), branch = draw({3, 4, 6}, 2), weight = draw({6}, 3);
  const NormOptions options{.groups = 2, .residual_weight = true};
  const auto [sum, y] = add_layer_norm(x, branch, weight, {}, options);
  CHECK(identical(sum.value, add(x, branch).value));
  CHECK(identical(y.value, layer_norm(sum, weight, {}, options).value));
}

TEST_CASE("add_layer_norm: shapes that do not fit") {
  const Var<float> x(Tensor<float>::zeros({2, 3})), branch(Tensor<float>::zeros({3, 2}));
  CHECK_THROWS_WITH_AS(add_layer_norm(x, branch, {}, {}),
                       "add_layer_norm: x has shape [2, 3] and branch [3, 2], want the same",
                       Error);
  CHECK_THROWS_WITH_AS(add_layer_norm(x, x, {}, {}, {.groups = 2}),
                       "add_layer_norm: x has 3 channels, want a multiple of 2 groups", Error);
}

}  // namespace carousel
