#include "ops/lstm.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/check_op.h"
#include "tests/ops/cells.h"
#include "tests/ops/extreme_gates.h"

namespace carousel {

namespace {

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

// The cell written out: y, h, c.
std::vector<Tensor<double>> written_out(const Recurrent<double>& r) {
  const Shape& shape = r.sequences[0].shape();
  const std::int64_t B = shape[0], S = shape[1], NH = shape[2], DH = shape[3];
  std::vector<Tensor<double>> out{Tensor<double>(shape), r.state[0].clone(), r.state[1].clone()};
  for (std::int64_t t = 0; t < S; ++t) {
    const Tensor<double> before = out[1].clone();
    for (std::int64_t u = 0; u < B * NH * DH; ++u) {
      const std::int64_t b = u / (NH * DH), head = u / DH % NH, j = u % DH;
      const std::int64_t at = ((b * S + t) * NH + head) * DH + j;
      double g[4];
      for (std::int64_t gate = 0; gate < 4; ++gate) {
        g[gate] = r.sequences[static_cast<std::size_t>(gate)].data()[at] +
                  r.weights[1].data()[(gate * NH + head) * DH + j];
        const double* const R = r.weights[0].data() + ((head * 4 + gate) * DH + j) * DH;
        for (std::int64_t in = 0; in < DH; ++in) g[gate] += R[in] * before.data()[u - j + in];
      }
      double& c = out[2].mutable_data()[u];
      c = sigma(g[1]) * c + sigma(g[0]) * std::tanh(g[2]);
      out[1].mutable_data()[u] = out[0].mutable_data()[at] = sigma(g[3]) * std::tanh(c);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("lstm equals its equations written out") {
  const auto r = lstm_problem<double>({3, 9, 2, 5});
  // Nine steps of some ten roundings each.
  CHECK(worst_error(run(r).outputs, written_out(r)) <= 1e-14);
}

TEST_CASE("lstm bears extreme gates") {
  for (const std::int64_t S : {1, 8, 1024}) {
    INFO("S = ", S);
    check_extreme_gates(
        []<class Real>(const CellSizes& sizes) { return lstm_problem<Real>(sizes); }, S);
  }
}

TEST_CASE("lstm refuses arguments that do not fit") {
  const auto zeros = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  const auto x = zeros({2, 3, 2, 4}), R = zeros({2, 16, 4}), b = zeros({4, 2, 4});
  CHECK_THROWS_WITH(lstm(x, zeros({1, 3, 2, 4}), x, x, R, b),
                    "lstm: f has shape [1, 3, 2, 4], want [2, 3, 2, 4]");
  CHECK_THROWS_WITH(lstm(x, x, x, x, {}, b), "lstm: recurrent has shape [], want [2, 16, 4]");
  CHECK_THROWS_WITH(lstm(x, x, x, x, R, {}), "lstm: bias has shape [], want [4, 2, 4]");
  CHECK_THROWS_WITH(lstm(x, x, x, x, R, b, {.h = zeros({2, 8}), .c = {}}),
                    "lstm: initial h has shape [2, 8], want [2, 2, 4]");
  CHECK_THROWS_WITH(lstm(x, x, x, x, R, b, {.h = {}, .c = zeros({2, 8})}),
                    "lstm: initial c has shape [2, 8], want [2, 2, 4]");
  CHECK_THROWS_WITH(lstm(x, x, x, x, R, b, {}, Tensor<std::int32_t>::zeros({6})),
                    "lstm: reset has shape [6], want [2, 3]");
  CHECK_THROWS_WITH(lstm(x, x, x, x, R, b, {}, {}, {.clip = std::nan("")}),
                    "lstm: gradient clip is nan, want 0 or more");
}

}  // namespace carousel
