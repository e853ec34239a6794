#include "ops/slstm.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/check_op.h"
#include "tests/ops/cells.h"
#include "tests/ops/extreme_gates.h"

namespace carousel {

namespace {

// One unit of the equations of the xLSTM paper, step by step: gates (4), state h, c, n, m.
void step(const double* g, bool exponential, double* h, double* c, double* n, double* m) {
  const double i = g[0], f = g[1], z = g[2], o = g[3];
  const double log_f = exponential ? f : -std::log1p(std::exp(-f));
  const double lf = *m + log_f;
  const double m_new = *n == 0 ? i : std::max(i, lf);
  const double i_gate = std::exp(i - m_new), f_gate = std::exp(lf - m_new);
  *c = f_gate * *c + i_gate * std::tanh(z);
  *n = f_gate * *n + i_gate;
  *m = m_new;
  *h = 1 / (1 + std::exp(-o)) * (*c / *n);
}

// The cell written out: y, h, c, n, m.
std::vector<Tensor<double>> written_out(const Recurrent<double>& r, bool exponential) {
  const Shape& shape = r.sequences[0].shape();
  const std::int64_t B = shape[0], S = shape[1], NH = shape[2], DH = shape[3];
  std::vector<Tensor<double>> out{Tensor<double>(shape)};
  for (const auto& state : r.state) out.push_back(state.clone());
  const auto R = [&](std::int64_t head, std::int64_t row, std::int64_t in) {
    return r.weights[0].data()[(head * 4 * DH + row) * DH + in];
  };
  for (std::int64_t t = 0; t < S; ++t) {
    const Tensor<double> before = out[1].clone();
    for (std::int64_t u = 0; u < B * NH * DH; ++u) {
      const std::int64_t b = u / (NH * DH), head = u / DH % NH, j = u % DH;
      const std::int64_t at = ((b * S + t) * NH + head) * DH + j;
      double g[4];
      for (std::int64_t gate = 0; gate < 4; ++gate) {
        g[gate] = r.sequences[static_cast<std::size_t>(gate)].data()[at] +
                  r.weights[1].data()[(gate * NH + head) * DH + j];
        for (std::int64_t in = 0; in < DH; ++in) {
          g[gate] += R(head, gate * DH + j, in) * before.data()[u - j + in];
        }
      }
      step(g, exponential, out[1].mutable_data() + u, out[2].mutable_data() + u,
           out[3].mutable_data() + u, out[4].mutable_data() + u);
      out[0].mutable_data()[at] = out[1].data()[u];
    }
  }
  return out;
}

}  // namespace

TEST_CASE("slstm equals its equations written out") {
  for (const auto gate : {ForgetGate::sigmoid, ForgetGate::exponential}) {
    for (const bool zero_state : {false, true}) {
      auto r = slstm_problem<double>({3, 9, 2, 5}, {.forget_gate = gate});
      if (zero_state) {
        for (auto& state : r.state) state = Tensor<double>::zeros(state.shape());
      }
      const auto want = written_out(r, gate == ForgetGate::exponential);
      // Nine steps of some ten roundings each.
      CHECK(worst_error(run(r).outputs, want) <= 1e-14);
      if (!zero_state) continue;
      const auto undefined = r.call({r.sequences.begin(), r.sequences.end()},
                                    {r.weights.begin(), r.weights.end()}, {}, {});
      CHECK(relative_error(undefined[0].value, want[0]) <= 1e-14);
    }
  }
}

TEST_CASE("an slstm unit is fresh by itself, not with all others") {
  auto r = slstm_problem<double>({2, 5, 2, 4});
  for (std::size_t state = 1; state < 4; ++state) {
    for (std::int64_t u = 0; u < r.state[state].numel(); u += 3) {
      r.state[state].mutable_data()[u] = 0;
    }
  }
  CHECK(worst_error(run(r).outputs, written_out(r, false)) <= 1e-14);
}

TEST_CASE("slstm bears extreme gates") {
  for (const auto gate : {ForgetGate::sigmoid, ForgetGate::exponential}) {
    for (const std::int64_t S : {1, 8, 1024}) {
      INFO("S = ", S, ", exponential: ", gate == ForgetGate::exponential);
      const SlstmOptions options{.forget_gate = gate};
      check_extreme_gates(
          [&]<class Real>(const CellSizes& sizes) { return slstm_problem<Real>(sizes, options); },
          S);
    }
  }
}

TEST_CASE("slstm takes an empty batch") {
  const Var<float> x = Tensor<float>({0, 3, 2, 4});
  const auto result =
      slstm<float>(x, x, x, x, Tensor<float>::zeros({2, 16, 4}), Tensor<float>::zeros({4, 2, 4}));
  CHECK(result.y.shape() == Shape{0, 3, 2, 4});
  CHECK(result.state.m.shape() == Shape{0, 2, 4});
}

TEST_CASE("slstm refuses arguments that do not fit") {
  const auto zeros = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  const auto x = zeros({2, 3, 2, 4}), R = zeros({2, 16, 4}), b = zeros({4, 2, 4});
  const auto wrong = zeros({2, 4, 2});
  CHECK_THROWS_WITH(slstm(zeros({2, 3, 8}), x, x, x, R, b),
                    "slstm: i has shape [2, 3, 8], want four axes: (B, S, NH, DH)");
  CHECK_THROWS_WITH(slstm(zeros({2, 0, 2, 4}), x, x, x, R, b),
                    "slstm: i has shape [2, 0, 2, 4], want at least one step, head and unit");
  CHECK_THROWS_WITH(slstm(x, x, zeros({2, 4, 2, 4}), x, R, b),
                    "slstm: z has shape [2, 4, 2, 4], want [2, 3, 2, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, {}, R, b), "slstm: o has shape [], want [2, 3, 2, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, zeros({2, 4, 16}), b),
                    "slstm: recurrent has shape [2, 4, 16], want [2, 16, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, R, zeros({2, 4, 4})),
                    "slstm: bias has shape [2, 4, 4], want [4, 2, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, R, b, {.h = wrong, .c = {}, .n = {}, .m = {}}),
                    "slstm: initial h has shape [2, 4, 2], want [2, 2, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, R, b, {.h = {}, .c = wrong, .n = {}, .m = {}}),
                    "slstm: initial c has shape [2, 4, 2], want [2, 2, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, R, b, {.h = {}, .c = {}, .n = wrong, .m = {}}),
                    "slstm: initial n has shape [2, 4, 2], want [2, 2, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, R, b, {.h = {}, .c = {}, .n = {}, .m = wrong}),
                    "slstm: initial m has shape [2, 4, 2], want [2, 2, 4]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, R, b, {}, Tensor<std::int32_t>::zeros({3, 2})),
                    "slstm: reset has shape [3, 2], want [2, 3]");
  CHECK_THROWS_WITH(slstm(x, x, x, x, R, b, {}, {}, {.gradient = {.clip = -1}}),
                    "slstm: gradient clip is -1, want 0 or more");
}

}  // namespace carousel
