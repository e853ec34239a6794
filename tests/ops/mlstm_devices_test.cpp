// The mLSTM on every device against the reference: heads and chunks of many tiles, gates far beyond
// where exp overflows, NaN beside a reset, a state that is updated where it lies.

#include <doctest/doctest.h>

#include <cmath>
#include <utility>

#include "core/random.h"
#include "kernels/kernels.h"
#include "tests/check_op.h"
#include "tests/ops/mlstm_problem.h"

namespace carousel {

namespace {

constexpr MlstmForm forms[] = {MlstmForm::recurrent, MlstmForm::parallel, MlstmForm::chunkwise};

// Calls check(device) for every device but the cpu, which has tests of its own.
template <class Check>
void for_each_device(const Check& check) {
  for (const Device device : available_devices()) {
    if (device == Device::cpu) continue;
    INFO("device ", name(device));
    check(device);
  }
}

template <class Real>
MlstmRun<Real> run_reference(const MlstmProblem& p, const MlstmOptions& options) {
  const std::string before(backend());
  use_backend("reference");
  const auto run = run_mlstm<Real>(p, options);
  use_backend(before);
  return run;
}

// |a − b|₂ ≤ relative · |b|₂ + absolute, for all there is.
template <class Real>
void check_close(const std::vector<Tensor<Real>>& run, const std::vector<Tensor<double>>& exact,
                 double relative, double absolute = 0) {
  REQUIRE(run.size() == exact.size());
  for (std::size_t i = 0; i < run.size(); ++i) {
    INFO("number ", i);
    const double norm = std::sqrt(dot(exact[i], exact[i]));
    double sum = 0;
    for (std::int64_t at = 0; at < exact[i].numel(); ++at) {
      const double error = static_cast<double>(run[i].data()[at]) - exact[i].data()[at];
      sum += error * error;
    }
    CHECK(std::sqrt(sum) <= relative * norm + absolute);
  }
}

template <class Real>
void check_identical(const std::vector<Tensor<Real>>& a, const std::vector<Tensor<Real>>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(identical(a[i], b[i]));
}

void check_device(const MlstmProblem& p, const MlstmOptions& options, Device device) {
  const auto exact = run_reference<double>(p, options);
  const auto twice = run_mlstm<double>(p, options, device);
  check_close(twice.values, exact.values, 1e-14);
  // A forget gate's gradient is a sum over a state, of up to a million terms that cancel: measured
  // 1.3e-13.
  check_close(twice.gradients, exact.gradients, 5e-13);
  const auto single = run_mlstm<float>(p, options, device);
  check_close(single.values, exact.values, 1e-6);
  // The gradient of q is all but orthogonal to q, a small difference of large numbers.
  check_close(single.gradients, exact.gradients, 5e-6);
  const auto again = run_mlstm<float>(p, options, device);
  check_identical(again.values, single.values);
  check_identical(again.gradients, single.gradients);
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("the mlstm of every device agrees on heads and chunks of many tiles") {
  const MlstmProblem sizes[] = {{.B = 1, .S = 200, .NH = 2, .DHqk = 40, .DHv = 132},
                                {.B = 2, .S = 131, .NH = 1, .DHqk = 137, .DHv = 33},
                                {.B = 1, .S = 3, .NH = 1, .DHqk = 1024, .DHv = 1024}};
  for_each_device([&](Device device) {
    for (const auto& size : sizes) {
      for (const bool resets : {false, true}) {
        const auto p = random_mlstm(size, resets, resets);
        for (const auto form : forms) {
          for (const std::int64_t chunk_size : {16, 64, 150}) {
            if (chunk_size != 64 && (form == MlstmForm::parallel || p.S < 16)) continue;
            INFO("DHqk = ", p.DHqk, ", resets ", resets, ", form ", static_cast<int>(form),
                 ", chunk size ", chunk_size);
            check_device(p, {.form = form, .chunk_size = chunk_size}, device);
          }
        }
      }
    }
  });
}

TEST_CASE("the mlstm of every device is finite and right with extreme gates") {
  constexpr double logits[] = {-1e4, -200, -90, -88.8, 0, 88.8, 90, 200, 1e4};
  auto p = random_mlstm({.B = 3, .S = 150, .NH = 2, .DHqk = 2, .DHv = 3}, true, true);
  for (const std::size_t i : {0u, 1u}) {  // den is never near 0, where gradients have a pole
    for (double& x : p.inputs[i].mutable_values()) x = 0.5 + std::abs(x) / 2;
  }
  double terms = 0;  // of a gradient, which may all but cancel
  for (const auto& d : mlstm_upstream(p)) terms += std::sqrt(dot(d, d));
  const auto check = [&](Device device) {
    for (const auto form : forms) {
      INFO("form ", static_cast<int>(form));
      const MlstmOptions options{.form = form, .chunk_size = 80};
      const auto exact = run_reference<double>(p, options);
      const auto twice = run_mlstm<double>(p, options, device);
      check_close(twice.values, exact.values, 1e-12);
      check_close(twice.gradients, exact.gradients, 1e-12, 1e-14 * terms);
      const auto single = run_mlstm<float>(p, options, device);
      // Single precision has m to 6e-8 of itself, and the rest of the state goes with it.
      const auto& m = exact.values[3];
      const double rounding = 2e-5 + 6e-8 * std::sqrt(dot(m, m));
      check_close(single.values, exact.values, rounding, 1e-37);
      check_close(single.gradients, exact.gradients, rounding, 1e-6 * terms);
    }
  };
  const auto set_gates = [&](const auto& next) {
    for (const std::size_t gate : {3u, 4u}) {
      std::uint64_t at = 0;
      for (double& x : p.inputs[gate].mutable_values()) x = next(gate, at++);
    }
  };
  for_each_device([&](Device device) {
    set_gates([&](std::size_t gate, std::uint64_t at) {
      return logits[Random{11, gate}.below(std::size(logits), at)];
    });
    check(device);
    for (const auto& gates : {std::pair{-1e4, -1e4}, {1e4, 1e4}, {-1e4, 1e4}, {1e4, -1e4}}) {
      INFO("i = ", gates.first, ", f = ", gates.second);
      set_gates(
          [&](std::size_t gate, std::uint64_t) { return gate == 3 ? gates.first : gates.second; });
      check(device);
    }
  });
}

TEST_CASE("not even a NaN crosses a reset of the mlstm on any device") {
  auto p = random_mlstm({.B = 1, .S = 150, .NH = 2, .DHqk = 3, .DHv = 2}, true, false);
  p.reset = Tensor<std::int32_t>::zeros({1, 150});
  for (const auto cut : {1, 40, 70}) p.reset.mutable_data()[cut] = 1;
  auto spoilt = p;
  spoilt.inputs[2] = p.inputs[2].clone();
  std::fill_n(spoilt.inputs[2].mutable_data() + 50 * 4, 4, std::nan(""));
  for_each_device([&](Device device) {
    for (const auto form : forms) {
      INFO("form ", static_cast<int>(form));
      const MlstmOptions options{.form = form, .chunk_size = 100};
      const auto whole = run_mlstm<float>(p, options, device);
      const auto run = run_mlstm<float>(spoilt, options, device);
      CHECK(std::isnan(run.values[0].data()[50 * 4]));
      for (const auto& steps : {std::pair{0, 40}, std::pair{70, 150}}) {
        const auto begin = steps.first, end = steps.second;
        CHECK(
            identical(steps_of(run.values[0], begin, end), steps_of(whole.values[0], begin, end)));
        for (std::size_t i = 0; i < 5; ++i) {
          INFO("gradient of input ", i, " from ", begin);
          CHECK(identical(steps_of(run.gradients[i], begin, end),
                          steps_of(whole.gradients[i], begin, end)));
        }
      }
      for (std::size_t i = 5; i < 8; ++i) CHECK(identical(run.gradients[i], whole.gradients[i]));
    }
  });
}

TEST_CASE("mlstm decodes in place on every device") {
  const auto p = random_mlstm({.B = 2, .S = 1, .NH = 3, .DHqk = 5, .DHv = 36}, true, false);
  for_each_device([&](Device device) {
    const auto there = [&](std::size_t i) { return p.inputs[i].to<float>().to(device); };
    const auto step = [&](MlstmState<float> state) {
      return mlstm<float>(there(0), there(1), there(2), there(3), there(4), std::move(state), {},
                          {.form = MlstmForm::recurrent});
    };
    MlstmState<float> state{there(5), there(6), there(7)};
    const MlstmState<float> kept = state;
    const auto apart = step(kept);
    state = {there(5), there(6), there(7)};
    const float* const c = state.c.data();
    const auto in_place = step(std::move(state));
    CHECK(in_place.state.c.data() == c);
    for (const auto& [a, b] : {std::pair{in_place.h, apart.h},
                               {in_place.state.c, apart.state.c},
                               {in_place.state.n, apart.state.n},
                               {in_place.state.m, apart.state.m}})
      CHECK(identical(a.value.to(Device::cpu), b.value.to(Device::cpu)));
  });
}

TEST_SUITE_END();

}  // namespace carousel
