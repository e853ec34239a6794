// What ops do where their inputs are.

#include <doctest/doctest.h>

#include "core/random.h"
#include "ops/arithmetic.h"
#include "ops/cross_entropy.h"
#include "ops/embedding.h"
#include "ops/layout.h"
#include "ops/mlstm.h"
#include "tests/check_op.h"
#include "tests/check_recurrent.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

template <class Real>
Recurrent<Real> mlstm_problem(const MlstmOptions& options, std::int64_t S) {
  constexpr std::int64_t B = 2, NH = 2, DHqk = 3, DHv = 4;
  const auto normal = [](const char* name, const Shape& shape, double scale = 1, double mean = 0) {
    return random_normal<Real>(shape, Random{}.named(name), scale, mean);
  };
  return {
      .call =
          [options](const Vars<Real>& x, const Vars<Real>&, const Vars<Real>& state,
                    const Tensor<std::int32_t>& reset) {
            const auto from =
                state.empty() ? MlstmState<Real>{} : MlstmState<Real>{state[0], state[1], state[2]};
            const auto [h, last] = mlstm(x[0], x[1], x[2], x[3], x[4], from, reset, options);
            return Vars<Real>{h, last.c, last.n, last.m};
          },
      .sequences = {normal("q", {B, S, NH, DHqk}, 0.3, 1), normal("k", {B, S, NH, DHqk}, 0.3, 1.2),
                    normal("v", {B, S, NH, DHv}), normal("i", {B, S, NH}, 0.5, 0.7),
                    normal("f", {B, S, NH}, 2, 1)},
      .weights = {},
      .state = {normal("c", {B, NH, DHqk, DHv}), normal("n", {B, NH, DHqk}, 0.3, 1),
                normal("m", {B, NH})},
      .reset = {},
  };
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE_TEMPLATE("mlstm in segments equals the whole", Real, float, double) {
  on_each_device([](Device device) {
    for (const auto form : {MlstmForm::recurrent, MlstmForm::parallel, MlstmForm::chunkwise}) {
      INFO("form ", static_cast<int>(form));
      auto r = mlstm_problem<Real>({.form = form, .chunk_size = 3}, 7);
      check_segments(on(device, r));
      r.reset = Tensor<std::int32_t>::from({2, 7}, {0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1});
      check_segments(on(device, r));
    }
  });
}

TEST_CASE("ids and targets go to the device, and where they are already nobody reads them") {
  on_each_device([](Device device) {
    const auto ids = Tensor<std::int32_t>::from({3}, {2, 0, 2});
    const auto weight = random_normal<double>({3, 3}, Random{1});
    const Var<double> there = weight.to(device);
    const auto rows = embedding<double>(ids, there);
    CHECK(rows.device() == device);
    CHECK(identical(rows.value, embedding<double>(ids, weight).value));
    CHECK(identical(embedding<double>(ids.to(device), there).value, rows.value));

    const auto targets = Tensor<std::int32_t>::from({3}, {-1, 2, 1});
    const double want = cross_entropy<double>(weight, targets).value.item();
    CHECK(std::abs(cross_entropy(there, targets).value.item() - want) <= 1e-15);
    CHECK(std::abs(cross_entropy(there, targets.to(device), 2).value.item() - want) <= 1e-15);
    CHECK_THROWS_WITH(embedding<double>(Tensor<std::int32_t>::full({1}, 3), there),
                      "embedding: id 3 at position 0 of shape [1], want 0 to 2");
    CHECK(std::abs(cross_entropy(there, targets, 3).value.item() - want * 2 / 3) <= 1e-15);
    CHECK_THROWS_WITH(cross_entropy(there, targets, -1),
                      "cross_entropy: count got -1, want at least 0");
    if (device == Device::cpu) return;
    CHECK_THROWS_WITH(cross_entropy(there, targets.to(device)),
                      "cross_entropy: targets are on device cuda and count is 0, want the number "
                      "to divide their sum by");
  });
}

TEST_CASE("inputs on two devices are refused in the op's name") {
  if (!available(Device::cuda)) return;
  const Var<float> here = Tensor<float>::zeros({2}),
                   there = Tensor<float>::zeros({2}, Device::cuda);
  CHECK_THROWS_WITH(add(here, there), "add: got tensors on devices cpu and cuda, want all on one");
  CHECK_THROWS_WITH(concat<float>({there, there, here}, 0),
                    "concat: got tensors on devices cuda and cpu, want all on one");
  CHECK_THROWS_WITH(add_bias(there, here),
                    "add_bias: got tensors on devices cuda and cpu, want all on one");
}

TEST_SUITE_END();

}  // namespace carousel
