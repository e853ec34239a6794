// Slots, seeds and checkpoints on every device.

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/checkpoint.h"
#include "autograd/tape.h"
#include "core/random.h"
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/reduce.h"
#include "tests/check_op.h"
#include "tests/on_each_device.h"

namespace carousel {

TEST_SUITE_BEGIN("devices");

TEST_CASE("a slot adds what arrives, is cleared, and moves with what has arrived") {
  on_each_device([](Device device) {
    const auto x = parameter(Tensor<double>::from({2}, {1, 2}).to(device));
    const auto one = Tensor<double>::from({2}, {1, -1});
    for (const Device from : {Device::cpu, device, device}) x.grad->add(one.to(from));
    CHECK(x.grad->value().device() == device);
    CHECK(identical(x.grad->value(), Tensor<double>::from({2}, {3, -3})));
    x.grad->move_to(Device::cpu);
    CHECK(x.grad->value().device() == Device::cpu);
    CHECK(x.grad->value().values()[1] == -3);
    x.grad->move_to(device);
    x.grad->clear();
    CHECK(identical(x.grad->value(), Tensor<double>::zeros({2})));
    x.grad->accumulate();
    CHECK(identical(x.grad->value(), Tensor<double>::zeros({2})));
  });
}

TEST_CASE("backward seeds an output as often as it is named, and where something has arrived") {
  on_each_device([](Device device) {
    const auto x = parameter(Tensor<double>::from({2}, {1, 2}).to(device));
    x.grad->add(Tensor<double>::from({2}, {100, 100}));
    Tape tape;
    const auto y = scale(x, 3);
    const auto seed = Tensor<double>::from({2}, {1, 10}).to(device);
    const std::vector outputs{y, x, y};
    const std::vector seeds{seed, seed, seed};
    tape.backward(std::span<const Var<double>>(outputs), std::span<const Tensor<double>>(seeds));
    CHECK(identical(x.grad->value(), Tensor<double>::from({2}, {107, 170})));
  });
}

TEST_CASE("an upstream gradient on another device is refused") {
  if (!available(Device::cuda)) return;
  const auto x = parameter(Tensor<double>::full({2}, 1, Device::cuda));
  Tape tape;
  const auto y = scale(x, 3);
  const auto seed = Tensor<double>::full({2}, 1);
  CHECK_THROWS_WITH(
      tape.backward(std::span<const Var<double>>(&y, 1), std::span<const Tensor<double>>(&seed, 1)),
      "backward: upstream gradient 0 is on device cpu, want cuda");
}

TEST_CASE("a checkpoint gives the same gradients, also of inputs that it hands through") {
  on_each_device([](Device device) {
    const auto start = random_normal<double>({3, 5}, Random{1}).to(device);
    const auto run = [&](bool wrapped) {
      const auto x = parameter(start), weight = parameter(start);
      const Function<double> block = [&](const std::vector<Var<double>>& in) {
        return std::vector{multiply(activation(Activation::silu, in[0]), weight), in[0], weight};
      };
      Tape tape;
      const auto y = scale(x, 2);
      const auto z = wrapped ? checkpoint(block, {y}) : block({y});
      tape.backward(sum(add(z[0], add(multiply(z[1], z[1]), z[2]))));
      return std::pair(x.grad->value(), weight.grad->value());
    };
    const auto plain = run(false), wrapped = run(true);
    // The same terms, added in another order.
    CHECK(relative_error(wrapped.first, plain.first) <= 1e-15);
    CHECK(relative_error(wrapped.second, plain.second) <= 1e-15);
  });
}

TEST_SUITE_END();

}  // namespace carousel
