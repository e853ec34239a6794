// What slstm and lstm share: segments, resets, and the options of the recurrent gradient.

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/tape.h"
#include "ops/layout.h"
#include "tests/check_op.h"
#include "tests/on_each_device.h"
#include "tests/ops/cells.h"

namespace carousel {

namespace {

const SlstmOptions exponential{.forget_gate = ForgetGate::exponential};

Tensor<std::int32_t> resets() {
  return Tensor<std::int32_t>::from({3, 7}, {0, 0, 1, 0, 0, 0, 0,    // long documents
                                             1, 0, 1, 1, 0, 1, 1,    // short ones, the first too
                                             0, 0, 0, 0, 0, 0, 0});  // none
}

template <class Real>
Vars<Real> parameters(const std::vector<Tensor<Real>>& tensors) {
  Vars<Real> result;
  for (const auto& tensor : tensors) result.push_back(parameter(tensor));
  return result;
}

// The gradients of run(r) as backpropagation by hand gives them: every step is a call of its own,
// last to first, and alter(dh) changes what has come back to h through R.
template <class Alter>
std::vector<Tensor<double>> by_hand(const Recurrent<double>& r, const Alter& alter) {
  const auto S = static_cast<std::size_t>(r.sequences[0].dim(1));
  const auto inputs = [&](std::size_t t) {
    std::vector<Tensor<double>> result;
    for (const auto& x : r.sequences) {
      result.push_back(slice<double>(x, 1, static_cast<std::int64_t>(t), 1).value);
    }
    return result;
  };
  const auto weights = parameters(r.weights);
  std::vector<std::vector<Tensor<double>>> states{r.state};
  for (std::size_t t = 0; t < S; ++t) {
    const auto results = r.call(parameters(inputs(t)), weights, parameters(states[t]), {});
    states.emplace_back();
    for (std::size_t i = 1; i < results.size(); ++i) states.back().push_back(results[i].value);
  }

  const auto upstream = upstream_of(run(r).outputs);
  std::vector<Tensor<double>> dstate(upstream.begin() + 1, upstream.end());
  std::vector<Vars<double>> dx(r.sequences.size(), Vars<double>(S));
  for (std::size_t t = S; t-- > 0;) {
    const auto x = parameters(inputs(t)), state = parameters(states[t]);
    Tape tape;
    const auto results = r.call(x, weights, state, {});
    std::vector d{slice<double>(upstream[0], 1, static_cast<std::int64_t>(t), 1).value};
    d.insert(d.end(), dstate.begin(), dstate.end());
    tape.backward(std::span<const Var<double>>(results), std::span<const Tensor<double>>(d));
    for (std::size_t i = 0; i < x.size(); ++i) dx[i][t] = x[i].grad->value();
    for (std::size_t i = 0; i < state.size(); ++i) dstate[i] = state[i].grad->value();
    alter(dstate[0].mutable_values());
  }

  std::vector<Tensor<double>> gradients;
  for (const auto& parts : dx) gradients.push_back(concat(parts, 1).value);
  for (const auto& weight : weights) gradients.push_back(weight.grad->value());
  gradients.insert(gradients.end(), dstate.begin(), dstate.end());
  return gradients;
}

// make(gradient) is a problem with these options.
template <class Make>
void check_recurrent_gradient(const Make& make) {
  const auto plain = make(RecurrentGradient{});
  const auto truth = run(plain);

  const auto huge = run(make(RecurrentGradient{.clip = 1e9}));
  CHECK(worst_error(huge.outputs, truth.outputs) == 0);
  CHECK(worst_error(huge.gradients, truth.gradients) == 0);

  // The same sums in another order; 1e-12 as for segments.
  const auto cut = run(make(RecurrentGradient{.cut = true}));
  const auto zero = [](std::span<double> dh) { std::fill(dh.begin(), dh.end(), 0.0); };
  CHECK(worst_error(cut.outputs, truth.outputs) == 0);
  CHECK(worst_error(cut.gradients, by_hand(plain, zero)) <= 1e-12);
  CHECK(worst_error(cut.gradients, truth.gradients) >= 0.01);

  const double limit = 0.3;
  const auto clipped = run(make(RecurrentGradient{.clip = limit}));
  const auto clamp = [&](std::span<double> dh) {
    for (double& value : dh) value = std::clamp(value, -limit, limit);
  };
  CHECK(worst_error(clipped.outputs, truth.outputs) == 0);
  CHECK(worst_error(clipped.gradients, by_hand(plain, clamp)) <= 1e-12);
  CHECK(worst_error(clipped.gradients, truth.gradients) >= 0.01);
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE_TEMPLATE("slstm and lstm in segments equal the whole", Real, float, double) {
  on_each_device([](Device device) {
    for (const std::int64_t S : {1, 2, 7}) {
      check_segments(on(device, lstm_problem<Real>({2, S, 2, 3})));
      check_segments(on(device, slstm_problem<Real>({2, S, 2, 3})));
      check_segments(on(device, slstm_problem<Real>({2, S, 2, 3}, exponential)));
    }
    auto with_resets = slstm_problem<Real>({3, 7, 2, 3});
    with_resets.reset = resets();
    check_segments(on(device, with_resets));
  });
}

TEST_CASE_TEMPLATE("slstm and lstm with resets equal their documents apart", Real, float, double) {
  auto lstm = lstm_problem<Real>({3, 7, 2, 5});
  auto slstm = slstm_problem<Real>({3, 7, 2, 5});
  auto exponential_slstm = slstm_problem<Real>({3, 7, 2, 5}, exponential);
  for (auto* r : {&lstm, &slstm, &exponential_slstm}) {
    r->reset = resets();
    on_each_device([&](Device device) { check_documents(on(device, *r)); });
  }
}

TEST_SUITE_END();

TEST_CASE("the recurrent gradient can be cut or clipped") {
  const CellSizes sizes{2, 6, 2, 3};
  check_recurrent_gradient(
      [&](const RecurrentGradient& gradient) { return lstm_problem<double>(sizes, gradient); });
  check_recurrent_gradient([&](const RecurrentGradient& gradient) {
    return slstm_problem<double>(sizes, {.gradient = gradient});
  });
}

}  // namespace carousel
