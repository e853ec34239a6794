#include "autograd/checkpoint.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/tape.h"
#include "core/random.h"
#include "ops/dropout.h"
#include "ops/layer_norm.h"
#include "ops/reduce.h"

namespace carousel {

namespace {

struct Outcome {
  Tensor<double> dx, dweight;
  std::int64_t saved;  // bytes held between forward and backward
};

// Eight blocks of four layers, each block wrapped or not; x and the captured weight want gradients.
Outcome run(bool wrapped) {
  const auto x = parameter(random_normal<double>({64, 64}, Random{1}));
  const auto weight = parameter(random_normal<double>({64}, Random{2}));
  const Function<double> block = [&weight](const std::vector<Var<double>>& in) {
    Var<double> y = in[0];
    for (std::uint64_t i = 0; i < 4; ++i) {
      y = dropout(layer_norm(y, weight, {}), 0.1, Random{3, i});
    }
    return std::vector{y};
  };
  const auto start = memory_statistics().in_use;
  Tape tape;
  Var<double> y = x;
  for (int i = 0; i < 8; ++i) y = wrapped ? checkpoint(block, {y})[0] : block({y})[0];
  const auto saved = memory_statistics().in_use - start;
  tape.backward(sum(y));
  return {x.grad->value(), weight.grad->value(), saved};
}

bool identical(const Tensor<double>& a, const Tensor<double>& b) {
  return std::equal(a.data(), a.data() + a.numel(), b.data());
}

}  // namespace

TEST_CASE("a checkpointed function has the same gradients, in less memory") {
  const auto plain = run(false), checkpointed = run(true);
  CHECK(identical(plain.dx, checkpointed.dx));
  CHECK(identical(plain.dweight, checkpointed.dweight));
  CHECK(checkpointed.saved * 2 < plain.saved);
}

TEST_CASE("checkpoint passes constants through") {
  const Function<double> identity = [](const std::vector<Var<double>>& in) { return in; };
  const auto x = parameter(Tensor<double>::full({2}, 3));
  Tape tape;
  const auto y = checkpoint(identity, {x, Var<double>(Tensor<double>::full({1}, 5))});
  CHECK(y[1].value.item() == 5);
  tape.backward(sum(y[0]));
  CHECK(x.grad->value().data()[1] == 1);
}

}  // namespace carousel
