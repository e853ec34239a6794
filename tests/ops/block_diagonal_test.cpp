#include "ops/block_diagonal.h"

#include <doctest/doctest.h>

#include "autograd/tape.h"
#include "core/random.h"
#include "ops/linear.h"
#include "tests/check_op.h"

namespace carousel {

namespace {

// The (K·O, K·I) matrix with the blocks on its diagonal.
Tensor<double> dense(const Tensor<double>& weight) {
  const auto K = weight.dim(0), O = weight.dim(1), I = weight.dim(2);
  auto result = Tensor<double>::zeros({K * O, K * I});
  for (std::int64_t row = 0; row < K * O; ++row) {
    const std::int64_t first = row / O * I;
    std::copy_n(weight.data() + row * I, I, result.mutable_data() + row * K * I + first);
  }
  return result;
}

}  // namespace

TEST_CASE("block_diagonal is a linear map whose matrix is zero outside the blocks") {
  for (const Shape& shape : {Shape{5, 4, 4}, Shape{2, 5, 3}, Shape{1, 17, 17}, Shape{8, 1, 2}}) {
    INFO("weight ", fmt::format("{}", shape));
    const auto weight = random_normal<double>(shape, Random{1});
    const auto bias = random_normal<double>({shape[0] * shape[1]}, Random{2});
    const auto x = random_normal<double>({3, 2, shape[0] * shape[2]}, Random{3});
    const auto y = block_diagonal<double>(x, weight, bias);
    // The same sums of at most 17 products.
    CHECK(relative_error(y.value, linear<double>(x, dense(weight), bias).value) <= 1e-15 * 17);
  }
}

TEST_CASE("block_diagonal keeps float accurate over many rows") {
  const auto x = random_uniform<float>({30000, 4}, Random{1});
  const auto dy = random_uniform<float>({30000, 4}, Random{2});
  const auto weight_gradient = [&]<class Real>(Real) {
    const Var<Real> weight = parameter(Tensor<Real>::zeros({1, 4, 4}));
    Tape tape;
    const std::array y{block_diagonal<Real>(x.template to<Real>(), weight, {})};
    const std::array upstream{dy.template to<Real>()};
    tape.backward(std::span<const Var<Real>>(y), std::span<const Tensor<Real>>(upstream));
    return weight.grad->value().template to<double>();
  };
  // Terms of one sign, the worst case of summation.
  CHECK(relative_error(weight_gradient(float{}), weight_gradient(double{})) <= 5e-6);
}

TEST_CASE("block_diagonal refuses shapes that do not fit") {
  const auto zeros = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  CHECK_THROWS_WITH(block_diagonal(zeros({2, 6}), zeros({2, 3}), {}),
                    "block_diagonal: weight has shape [2, 3], want (blocks, outputs, inputs)");
  CHECK_THROWS_WITH(block_diagonal(zeros({2, 6}), zeros({0, 3, 3}), {}),
                    "block_diagonal: weight has shape [0, 3, 3], want (blocks, outputs, inputs)");
  CHECK_THROWS_WITH(block_diagonal(zeros({2, 6}), zeros({2, 3, 4}), {}),
                    "block_diagonal: x has shape [2, 6], want 8 channels: 2 blocks of 4");
  CHECK_THROWS_WITH(block_diagonal(Var<float>(), zeros({2, 3, 4}), {}),
                    "block_diagonal: x has shape [], want 8 channels: 2 blocks of 4");
  CHECK_THROWS_WITH(block_diagonal(zeros({2, 6}), zeros({2, 4, 3}), zeros({6})),
                    "block_diagonal: bias has shape [6], want [8]");
}

TEST_CASE("block_diagonal takes an empty batch") {
  CHECK(block_diagonal<float>(Tensor<float>({0, 6}), Tensor<float>::zeros({2, 4, 3}), {}).shape() ==
        Shape{0, 8});
}

}  // namespace carousel
