// slstm and lstm against the official package: tests/golden/cells, from a non-zero state, in
// double.

#include <doctest/doctest.h>

#include "autograd/tape.h"
#include "core/safetensors.h"
#include "ops/layout.h"
#include "ops/lstm.h"
#include "ops/slstm.h"
#include "tests/check_op.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

constexpr std::int64_t B = 2, S = 7, NH = 2, DH = 5, d = NH * DH;

// Same formulas, other orders of summation.
constexpr double tolerance = 1e-13;

using Vars = std::vector<Var<double>>;

Vars reshaped(const Vars& parts, const Shape& shape) {
  Vars result;
  for (const auto& part : parts) result.push_back(reshape(part, shape));
  return result;
}

// cell(x, R, b, state) gives y and the final state, all in this project's layouts.
template <class Cell>
void check_golden(const std::string& name, Device device, const Cell& cell) {
  const Safetensors golden(CAROUSEL_SOURCE_DIR "/tests/golden/cells/" + name + ".safetensors");
  const auto leaf = [&](const char* input) {
    return parameter(golden.read<double>(input).to(device));
  };
  const auto Wx = leaf("Wx"), R = leaf("R"), b = leaf("b"), initial = leaf("initial_state");
  const std::vector<std::int64_t> one_each(static_cast<std::size_t>(initial.dim(0)), 1);

  Tape tape;
  const Vars x = reshaped(split(Wx, {d, d, d, d}, 2), {B, S, NH, DH});
  const Vars state = reshaped(split(initial, one_each, 0), {B, NH, DH});
  const Vars results = cell(x, R, reshape(b, {4, NH, DH}), state);
  const Vars last(results.begin() + 1, results.end());
  const auto final_state = concat(reshaped(last, {1, B, d}), 0);
  CHECK(relative_error(results[0].value.reshape({B, S, d}), golden.read<double>("h")) <= tolerance);
  CHECK(relative_error(final_state.value, golden.read<double>("final_state")) <= tolerance);

  const std::array upstream{golden.read<double>("dh").reshape({B, S, NH, DH}).to(device)};
  tape.backward(std::span(results.data(), 1), std::span<const Tensor<double>>(upstream));
  const auto check = [&](const Var<double>& input, const std::string& input_name) {
    INFO("gradient of ", input_name);
    const auto want = golden.read<double>("grad." + input_name);
    CHECK(relative_error(input.grad->value(), want) <= tolerance);
  };
  check(Wx, "Wx");
  check(R, "R");
  check(b, "b");
  check(initial, "initial_state");
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("slstm equals the official package") {
  on_each_device([](Device device) {
    check_golden("slstm", device, [](const Vars& x, const auto& R, const auto& b, const Vars& s) {
      const auto [y, last] = slstm(x[0], x[1], x[2], x[3], R, b, {s[0], s[1], s[2], s[3]});
      return Vars{y, last.h, last.c, last.n, last.m};
    });
  });
}

TEST_CASE("lstm equals the official package") {
  on_each_device([](Device device) {
    check_golden("lstm", device, [](const Vars& x, const auto& R, const auto& b, const Vars& s) {
      const auto [y, last] = lstm(x[0], x[1], x[2], x[3], R, b, {s[0], s[1]});
      return Vars{y, last.h, last.c};
    });
  });
}

TEST_SUITE_END();

}  // namespace carousel
