// The mLSTM where exponentials of its gates overflow and underflow.

#include <doctest/doctest.h>

#include <cmath>
#include <span>
#include <utility>

#include "core/random.h"
#include "tests/check_op.h"
#include "tests/ops/mlstm_problem.h"

namespace carousel {

namespace {

constexpr MlstmForm all_forms[] = {MlstmForm::chunkwise, MlstmForm::recurrent, MlstmForm::parallel};
constexpr double logits[] = {-1e4, -200, -90, -88.8, 0, 88.8, 90, 200, 1e4};

template <class Real>
double norm(const Tensor<Real>& x) {
  double sum = 0;
  for (const Real value : x.values())
    sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

// |a − b|₂
template <class A, class B>
double distance(const Tensor<A>& a, const Tensor<B>& b) {
  REQUIRE(a.shape() == b.shape());
  double sum = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    const double difference = static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

// Queries and keys of 0.5 to 2, so that den is never near 0: gradients have a pole there, and
// single precision loses its digits.
MlstmProblem positive(MlstmProblem p) {
  for (const std::size_t i : {0u, 1u}) {
    for (double& x : p.inputs[i].mutable_values()) x = 0.5 + std::abs(x) / 2;
  }
  return p;
}

// Upstream gradients, seen through inputs of size 1: the size of the terms of a gradient, which may
// all but cancel. After one step h is v and the gradient of q is 1e-6 of its terms.
double term_size(const MlstmProblem& p) {
  double sum = 0;
  for (const auto& d : mlstm_upstream(p)) sum += dot(d, d);
  return std::sqrt(sum);
}

// What one run is compared with.
struct Truth {
  std::vector<Tensor<double>> values;
  std::vector<std::vector<Tensor<double>>> directions;  // in each set, one per input or undefined
  std::vector<double> slopes;                           // along each set
};

// Slopes along one input at a time, or along all at once.
Truth find_truth(const MlstmProblem& p, bool separate) {
  Truth truth{mlstm_truth(p, {}), {}, {}};
  const std::size_t inputs = p.inputs.size();
  truth.directions.assign(separate ? inputs : 1, std::vector<Tensor<double>>(inputs));
  for (std::size_t i = 0; i < inputs; ++i) {
    truth.directions[separate ? i : 0][i] =
        random_normal<double>(p.inputs[i].shape(), Random{9, i});
  }
  for (const auto& set : truth.directions) truth.slopes.push_back(mlstm_true_slope(p, {}, set));
  return truth;
}

void check_double(const MlstmRun<double>& run, const Truth& truth, double terms) {
  for (std::size_t i = 0; i < run.values.size(); ++i) {
    INFO("double, output ", i);
    CHECK(distance(run.values[i], truth.values[i]) <= 1e-12 * norm(truth.values[i]));
  }
  for (std::size_t set = 0; set < truth.directions.size(); ++set) {
    double slope = 0, size = 0;
    for (std::size_t i = 0; i < run.gradients.size(); ++i) {
      if (!truth.directions[set][i].defined()) continue;
      slope += dot(run.gradients[i], truth.directions[set][i]);
      size += norm(run.gradients[i]);
    }
    INFO("double, directions ", set);
    CHECK(std::abs(slope - truth.slopes[set]) <= 1e-12 * size + 1e-14 * terms);
  }
}

void check_float(const MlstmRun<float>& run, const MlstmRun<double>& exact, double terms) {
  // Single precision has m to 6e-8 of itself, and the rest of the state is that which goes with it.
  const double rounding = 2e-5 + 6e-8 * norm(exact.values[3]);
  for (std::size_t i = 0; i < run.values.size(); ++i) {
    INFO("float, output ", i);
    // 1e-37: numbers below that have lost digits in single precision.
    CHECK(distance(run.values[i], exact.values[i]) <= rounding * norm(exact.values[i]) + 1e-37);
  }
  for (std::size_t i = 0; i < run.gradients.size(); ++i) {
    INFO("float, gradient of input ", i);
    CHECK(distance(run.gradients[i], exact.gradients[i]) <=
          rounding * norm(exact.gradients[i]) + 1e-6 * terms);
  }
}

void check_extreme(const MlstmProblem& p, std::span<const MlstmForm> forms, bool separate) {
  const double terms = term_size(p);
  const Truth truth = find_truth(p, separate);
  for (const MlstmForm form : forms) {
    INFO("form ", static_cast<int>(form));
    const auto exact = run_mlstm<double>(p, {.form = form, .chunk_size = 16});
    check_double(exact, truth, terms);
    check_float(run_mlstm<float>(p, {.form = form, .chunk_size = 16}), exact, terms);
  }
}

}  // namespace

TEST_CASE("mlstm with extreme gates is finite and right") {
  for (const auto& kind : {std::pair{1, false}, {1, true}, {8, false}, {8, true}, {1024, false}}) {
    const std::int64_t S = kind.first;
    const bool state = kind.second;
    auto p = positive(random_mlstm({.B = 1, .S = S, .NH = 1, .DHqk = 2, .DHv = 2}, state, false));
    for (const double i : logits) {
      for (const double f : logits) {
        INFO("S = ", S, ", state ", state, ", i = ", i, ", f = ", f);
        p.inputs[3].fill(i);
        p.inputs[4].fill(f);
        // A quarter of a million pairs of positions, 81 times: the parallel form sits that out.
        check_extreme(p, std::span(all_forms).first(S < 1024 ? 3 : 2), S < 1024);
      }
    }
  }
}

TEST_CASE("mlstm with extreme gates that change at every step is finite and right") {
  auto p = positive(random_mlstm({.B = 3, .S = 70, .NH = 2, .DHqk = 2, .DHv = 3}, true, true));
  for (const std::size_t gate : {3u, 4u}) {
    const Random random{11, gate};
    auto values = p.inputs[gate].mutable_values();
    for (std::size_t at = 0; at < values.size(); ++at) {
      values[at] = logits[random.below(std::size(logits), at)];
    }
  }
  check_extreme(p, all_forms, true);
}

}  // namespace carousel
