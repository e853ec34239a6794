#include "ops/matmul.h"

#include <doctest/doctest.h>

#include "autograd/tape.h"
#include "core/random.h"
#include "kernels/kernels.h"
#include "ops/linear.h"
#include "tests/check_op.h"

namespace carousel {

namespace {

// A product as its definition says, in double.
template <class Real>
Tensor<Real> definition(const MatMul<Real>& p, const Tensor<Real>& before) {
  std::vector<Real> result;
  for (std::int64_t i = 0; i < p.batch * p.M * p.N; ++i) {
    const auto matrix = i / (p.M * p.N), row = i / p.N % p.M, column = i % p.N;
    double sum = p.bias == nullptr ? 0 : static_cast<double>(p.bias[column]);
    if (p.accumulate) sum += static_cast<double>(before.data()[i]);
    for (std::int64_t k = 0; k < p.K; ++k) {
      const auto at_a = p.transpose_a ? k * p.M + row : row * p.K + k;
      const auto at_b = p.transpose_b ? column * p.K + k : k * p.N + column;
      sum += static_cast<double>(p.a[matrix * p.M * p.K + at_a]) *
             static_cast<double>(p.b[matrix * p.K * p.N + at_b]);
    }
    result.push_back(static_cast<Real>(sum));
  }
  return Tensor<Real>::from({p.batch, p.M, p.N}, std::span<const Real>(result));
}

// The kernel on random numbers of a random shape, against the definition.
template <class Real>
double error_on_random_shape(const Kernels<Real>& kernels, Random random) {
  const auto pick = [&](std::uint64_t below, std::uint64_t index) {
    return static_cast<std::int64_t>(random.below(below, index));
  };
  // One in four sizes is 1: products with vectors take a path of their own.
  const auto size = [&](std::uint64_t i) { return pick(4, i) == 0 ? 1 : 1 + pick(70, i + 100); };
  const std::int64_t batch = 1 + pick(3, 0), M = size(1), N = size(2),
                     K = size(3) * (1 + pick(6, 4));
  const auto a = random_normal<Real>({batch, M, K}, random.named("a"));
  const auto b = random_normal<Real>({batch, K, N}, random.named("b"));
  const auto bias = random_normal<Real>({N}, random.named("bias"));
  auto c = random_normal<Real>({batch, M, N}, random.named("c"));
  const auto before = c.clone();
  const MatMul<Real> p{
      .a = a.data(),
      .b = b.data(),
      .bias = pick(2, 5) == 0 ? nullptr : bias.data(),
      .c = c.mutable_data(),
      .batch = batch,
      .M = M,
      .N = N,
      .K = K,
      .transpose_a = pick(2, 6) == 0,
      .transpose_b = pick(2, 7) == 0,
      .accumulate = pick(2, 8) == 0,
  };
  kernels.matmul(p);
  return relative_error(c, definition(p, before));
}

}  // namespace

TEST_CASE_TEMPLATE("matmul equals its definition on random shapes", Real, float, double) {
  // Rounding of the sums; those of up to 420 terms that nearly cancel lose the most.
  const double tolerance = std::is_same_v<Real, float> ? 1e-5 : 2e-14;
  const std::string before(backend());
  for (const auto name : available_backends()) {
    use_backend(name);
    const auto& k = kernels<Real>(Device::cpu);
    for (std::uint64_t i = 0; i < 150; ++i) {
      INFO("backend ", name, ", shape ", i);
      CHECK(error_on_random_shape(k, Random{i}.named("shape")) <= tolerance);
    }
  }
  use_backend(before);
}

TEST_CASE("matmul keeps float accurate over long sums") {
  const auto a = random_uniform<float>({3, 30000}, Random{1});
  const auto b = random_uniform<float>({30000, 5}, Random{2});
  const auto exact = matmul<double>(a.to<double>(), b.to<double>()).value;
  // Terms of one sign, the worst case of summation: blocks of 256 keep it near 1e-6.
  CHECK(relative_error(matmul<float>(a, b).value.to<double>(), exact) <= 5e-6);
  const auto row = random_uniform<float>({1, 30000}, Random{3});
  const auto exact_row = matmul<double>(row.to<double>(), b.to<double>()).value;
  CHECK(relative_error(matmul<float>(row, b).value.to<double>(), exact_row) <= 5e-6);
}

TEST_CASE("matmul lets NaN and infinity reach only the results they belong to") {
  auto a = Tensor<float>::full({5, 3}, 1);
  a.mutable_data()[4 * 3 + 1] = std::numeric_limits<float>::quiet_NaN();
  const auto y = matmul<float>(a, Tensor<float>::full({3, 9}, 2)).value;
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    if (i / 9 == 4) CHECK(std::isnan(y.data()[i]));
    if (i / 9 != 4) CHECK(y.data()[i] == 6);
  }
}

TEST_CASE("matmul and linear of nothing") {
  const auto zeros = matmul<float>(Tensor<float>(Shape{2, 0}), Tensor<float>(Shape{0, 3}));
  CHECK(relative_error(zeros.value, Tensor<float>::zeros({2, 3})) == 0);
  CHECK(matmul<float>(Tensor<float>(Shape{0, 2, 4}), Tensor<float>(Shape{0, 4, 3})).shape() ==
        Shape{0, 2, 3});
  const auto bias = Tensor<float>::from({2}, {5, 6});
  const auto y = linear<float>(Tensor<float>(Shape{1, 0}), Tensor<float>(Shape{2, 0}), bias);
  CHECK(y.data()[1] == 6);
  CHECK(linear<float>(Tensor<float>(Shape{0, 3}), Tensor<float>::zeros({2, 3}), bias).shape() ==
        Shape{0, 2});
}

TEST_CASE("matmul and linear compute only the gradients that are wanted") {
  const Tensor<float> weight = Tensor<float>::full({2, 3}, 1), x = Tensor<float>::full({4, 3}, 1);
  const auto dx = parameter(x), dweight = parameter(weight);
  Tape tape;
  const Var<float> outputs[] = {linear<float>(dx, weight, {}), linear<float>(x, dweight, {}),
                                matmul<float>(dx, weight, false, true)};
  const Tensor<float> upstream[] = {Tensor<float>::full({4, 2}, 1), Tensor<float>::full({4, 2}, 1),
                                    Tensor<float>::full({4, 2}, 1)};
  tape.backward(std::span<const Var<float>>(outputs), std::span<const Tensor<float>>(upstream));
  CHECK(relative_error(dx.grad->value(), Tensor<float>::full({4, 3}, 4)) == 0);
  CHECK(relative_error(dweight.grad->value(), Tensor<float>::full({2, 3}, 4)) == 0);
}

TEST_CASE("matmul and linear refuse shapes that do not fit") {
  const auto of = [](Shape shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  CHECK_THROWS_WITH(matmul(of({3}), of({3, 2})), "matmul: a has shape [3], want at least two axes");
  CHECK_THROWS_WITH(matmul(of({3, 2}), {}), "matmul: b has shape [], want at least two axes");
  CHECK_THROWS_WITH(matmul(of({2, 3, 4}), of({3, 4, 5})),
                    "matmul: a has shape [2, 3, 4] and b [3, 4, 5], want the same leading axes");
  CHECK_THROWS_WITH(matmul(of({2, 3}), of({2, 3})),
                    "matmul: a has shape [2, 3] and b [2, 3]: sums over 3 and 2 terms, want the "
                    "same number");
  CHECK_THROWS_WITH(linear(of({2, 3}), of({4}), {}),
                    "linear: weight has shape [4], want [out, in]");
  CHECK_THROWS_WITH(linear(of({2, 3}), of({4, 2}), {}), "linear: x has shape [2, 3], want […, 2]");
  CHECK_THROWS_WITH(linear<float>({}, of({4, 2}), {}), "linear: x has shape [], want […, 2]");
  CHECK_THROWS_WITH(linear(of({2, 3}), of({4, 3}), of({3})),
                    "linear: bias has shape [3], want [4]");
}

}  // namespace carousel
