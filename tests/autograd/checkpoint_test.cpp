#include "autograd/checkpoint.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/record.h"
#include "autograd/tape.h"
#include "core/random.h"
#include "ops/arithmetic.h"
#include "ops/dropout.h"
#include "ops/layer_norm.h"
#include "ops/reduce.h"

namespace carousel {

namespace {

struct Outcome {
  Tensor<double> dx, dweight;
  std::int64_t saved;  // bytes held between forward and backward
  std::int64_t peak;   // the most bytes held inside the forward or backward pass of any layer
};

// y = x, noting how much memory is held whenever it is passed, either way.
Var<double> probe(const Var<double>& x, std::int64_t& peak) {
  const auto note = [&peak] { peak = std::max(peak, memory_statistics().in_use); };
  note();
  auto backward = [note, dx = x.grad](const Tensor<double>& dy) {
    note();
    double* const slot = into(dx);
    std::transform(slot, slot + dy.numel(), dy.data(), slot, std::plus<>());
  };
  return record("probe", x.value, {x}, [&] { return backward; });
}

// Eight blocks of four layers, each block wrapped or not; x and the captured weight want gradients.
Outcome run(bool wrapped) {
  const auto x = parameter(random_normal<double>({64, 64}, Random{1}));
  const auto weight = parameter(random_normal<double>({64}, Random{2}));
  std::int64_t peak = 0;
  const Function<double> block = [&weight, &peak](const std::vector<Var<double>>& in) {
    Var<double> y = in[0];
    for (std::uint64_t i = 0; i < 4; ++i) {
      y = probe(dropout(layer_norm(y, weight, {}), 0.1, Random{3, i}), peak);
    }
    return std::vector{y};
  };
  const auto start = memory_statistics().in_use;
  Tape tape;
  Var<double> y = x;
  for (int i = 0; i < 8; ++i) y = wrapped ? checkpoint(block, {y})[0] : block({y})[0];
  const auto saved = memory_statistics().in_use - start;
  tape.backward(sum(y));
  return {x.grad->value(), weight.grad->value(), saved, peak - start};
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
  CHECK(checkpointed.peak * 2 < plain.peak);
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

TEST_CASE("without a tape nothing is recorded, and inside a checkpoint another one works") {
  const auto x = parameter(random_normal<double>({3, 5}, Random{1}));
  const Function<double> norm = [](const std::vector<Var<double>>& in) {
    return std::vector{layer_norm<double>(in[0], {}, {})};
  };
  const Function<double> twice = [&norm](const std::vector<Var<double>>& in) {
    return checkpoint(norm, checkpoint(norm, in));
  };
  CHECK_FALSE(checkpoint(twice, {x})[0].wanted());
  const auto gradient = [&x](const auto& function) {
    x.grad->clear();
    Tape tape;
    const auto y = function();
    const auto upstream = random_normal<double>({3, 5}, Random{2});
    tape.backward(std::span<const Var<double>>(&y, 1),
                  std::span<const Tensor<double>>(&upstream, 1));
    return x.grad->value().clone();
  };
  const auto plain = gradient([&] { return norm(norm({x}))[0]; });
  const auto nested = gradient([&] { return checkpoint(twice, {x})[0]; });
  CHECK(identical(plain, nested));
  CHECK(plain.data()[0] != 0);
}

TEST_CASE("a checkpoint may capture what the outer tape computed") {
  const auto x = parameter(Tensor<double>::from({2}, {1, 2}));
  Tape tape;
  const auto y = scale(x, 3.0);
  const Function<double> times_y = [&y](const std::vector<Var<double>>& in) {
    return std::vector{multiply(in[0], y)};
  };
  tape.backward(sum(checkpoint(times_y, {x})[0]));  // Σ 3 x²
  CHECK(x.grad->value().data()[0] == 6);
  CHECK(x.grad->value().data()[1] == 12);
}

}  // namespace carousel
