// The three forms of the mLSTM against a recurrence in long double, against each other, and against
// themselves on parts of a sequence. Difference quotients are in ops/cases/mlstm.cpp.

#include "ops/mlstm.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "autograd/tape.h"
#include "core/random.h"
#include "tests/check_op.h"
#include "tests/ops/mlstm_problem.h"

namespace carousel {

namespace {

constexpr MlstmForm forms[] = {MlstmForm::recurrent, MlstmForm::parallel, MlstmForm::chunkwise};

// The steps between two cuts each by a call of its own, on one tape. The state goes from call to
// call, or every call starts afresh. Gradients of q, k, v, i, f are put together again.
template <class Real>
MlstmRun<Real> run_cut(const MlstmProblem& p, const MlstmOptions& options,
                       const std::vector<std::int64_t>& cuts, bool carry) {
  Tape tape;
  std::vector<Var<Real>> initial, outputs;
  std::vector<Tensor<Real>> upstream;
  std::vector<std::vector<Var<Real>>> parts;
  for (std::size_t i = 5; i < p.inputs.size(); ++i) {
    initial.push_back(parameter(p.inputs[i].template to<Real>()));
  }
  const auto d = mlstm_upstream(p);
  MlstmState<Real> state;
  if (!initial.empty()) state = {initial[0], initial[1], initial[2]};
  for (std::size_t cut = 0; cut + 1 < cuts.size(); ++cut) {
    const auto begin = cuts[cut], end = cuts[cut + 1];
    std::vector<Var<Real>> in;
    for (std::size_t i = 0; i < 5; ++i) {
      in.push_back(parameter(steps_of(p.inputs[i], begin, end).template to<Real>()));
    }
    const auto result =
        mlstm(in[0], in[1], in[2], in[3], in[4], state, steps_of(p.reset, begin, end), options);
    state = carry ? result.state : MlstmState<Real>{};
    outputs.push_back(result.h);
    upstream.push_back(steps_of(d[0], begin, end).template to<Real>());
    parts.push_back(in);
    if (end < p.S) continue;
    outputs.insert(outputs.end(), {result.state.c, result.state.n, result.state.m});
    for (std::size_t i = 1; i < 4; ++i) upstream.push_back(d[i].template to<Real>());
  }
  tape.backward(std::span<const Var<Real>>(outputs), std::span<const Tensor<Real>>(upstream));

  const auto join = [&](const auto& part_of, const Shape& shape) {
    Tensor<Real> whole(shape);
    const std::int64_t inner = shape.inner(1);
    for (std::size_t cut = 0; cut < parts.size(); ++cut) {
      const Tensor<Real> part = part_of(cut);
      const std::int64_t size = (cuts[cut + 1] - cuts[cut]) * inner;
      for (std::int64_t b = 0; b < p.B; ++b) {
        std::copy_n(part.data() + b * size, size,
                    whole.mutable_data() + (b * p.S + cuts[cut]) * inner);
      }
    }
    return whole;
  };
  MlstmRun<Real> run;
  run.values.push_back(join([&](auto cut) { return outputs[cut].value; }, d[0].shape()));
  for (std::size_t i = parts.size(); i < outputs.size(); ++i)
    run.values.push_back(outputs[i].value);
  for (std::size_t i = 0; i < 5; ++i) {
    run.gradients.push_back(
        join([&](auto cut) { return parts[cut][i].grad->value(); }, p.inputs[i].shape()));
  }
  for (const auto& leaf : initial) run.gradients.push_back(leaf.grad->value());
  return run;
}

template <class Real>
void check_same(const MlstmRun<Real>& a, const MlstmRun<Real>& b, double tolerance) {
  REQUIRE(a.gradients.size() == b.gradients.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    INFO("output ", i);
    CHECK(relative_error(a.values[i], b.values[i]) <= tolerance);
  }
  for (std::size_t i = 0; i < a.gradients.size(); ++i) {
    INFO("gradient of input ", i);
    CHECK(relative_error(a.gradients[i], b.gradients[i]) <= tolerance);
  }
}

// Calls check(problem) without and with a state, without and with resets.
void for_each_kind(const MlstmProblem& sizes,
                   const std::function<void(const MlstmProblem&)>& check) {
  for (const bool state : {false, true}) {
    for (const bool resets : {false, true}) {
      INFO("S = ", sizes.S, ", state ", state, ", resets ", resets);
      check(random_mlstm(sizes, state, resets));
    }
  }
}

}  // namespace

TEST_CASE("mlstm computes the recurrence of its equations, and its derivatives") {
  for (const double eps : {0.0, 1e-6}) {
    for (const bool scale_query : {false, true}) {
      for_each_kind({.B = 2, .S = 37, .NH = 2, .DHqk = 3, .DHv = 4}, [&](const MlstmProblem& p) {
        for (const auto form : forms) {
          const MlstmOptions options{form, 8, eps, scale_query};
          const auto run = run_mlstm<double>(p, options);
          const auto truth = mlstm_truth(p, options);
          for (std::size_t i = 0; i < truth.size(); ++i) {
            INFO("form ", static_cast<int>(form), ", output ", i);
            CHECK(relative_error(run.values[i], truth[i]) <= 1e-14);  // measured 4e-16
          }
          for (std::size_t i = 0; i < p.inputs.size(); ++i) {
            INFO("form ", static_cast<int>(form), ", gradient of input ", i);
            std::vector<Tensor<double>> directions(p.inputs.size());
            directions[i] = random_normal<double>(p.inputs[i].shape(), Random{9, i});
            const double error = std::abs(dot(run.gradients[i], directions[i]) -
                                          mlstm_true_slope(p, options, directions));
            const double norm = std::sqrt(dot(run.gradients[i], run.gradients[i]));
            CHECK(error <= 1e-13 * norm);  // measured 1e-14
          }
        }
      });
    }
  }
}

TEST_CASE("the forms of the mlstm agree for every length and chunk size") {
  for (const std::int64_t S : {1, 2, 15, 16, 17, 63, 64, 65, 100, 101, 256, 513}) {
    for_each_kind({.B = 1, .S = S, .NH = 2, .DHqk = 3, .DHv = 2}, [](const MlstmProblem& p) {
      const auto parallel = run_mlstm<double>(p, {.form = MlstmForm::parallel});
      for (const std::int64_t chunk_size : {1, 16, 64, 100}) {
        INFO("chunk size ", chunk_size);
        // After one step the gradients of q and k are 1e-6 of the terms they are the difference of.
        check_same(run_mlstm<double>(p, {MlstmForm::chunkwise, chunk_size}), parallel, 1e-9);
        check_same(run_mlstm<double>(p, {MlstmForm::recurrent, chunk_size}), parallel, 1e-9);
      }
    });
  }
}

TEST_CASE("an mlstm sequence in segments, or token by token, is the whole sequence") {
  constexpr std::int64_t S = 41;
  std::vector<std::int64_t> tokens(S + 1);
  std::iota(tokens.begin(), tokens.end(), 0);
  const std::vector<std::int64_t> cuts[] = {{0, 8, 16, S}, {0, 1, 14, 40, S}, tokens};
  for_each_kind({.B = 2, .S = S, .NH = 2, .DHqk = 3, .DHv = 2}, [&](const MlstmProblem& p) {
    for (const auto form : forms) {
      const MlstmOptions options{.form = form, .chunk_size = 8};
      for (const auto& cut : cuts) {
        INFO("form ", static_cast<int>(form), ", calls ", cut.size() - 1);
        check_same(run_cut<double>(p, options, cut, true), run_mlstm<double>(p, options), 1e-12);
        check_same(run_cut<float>(p, options, cut, true), run_mlstm<float>(p, options), 1e-5);
      }
    }
  });
}

TEST_CASE("an mlstm with resets computes every document by itself") {
  const std::vector<std::int64_t> cuts{0, 1, 5, 16, 17, 29};
  auto p = random_mlstm({.B = 1, .S = 29, .NH = 2, .DHqk = 3, .DHv = 2}, true, false);
  for (const auto form : forms) {
    INFO("form ", static_cast<int>(form));
    const MlstmOptions options{.form = form, .chunk_size = 8};
    p.reset = {};
    const auto documents = run_cut<double>(p, options, cuts, false);
    p.reset = Tensor<std::int32_t>::zeros({1, 29});
    for (const auto cut : {1, 5, 16, 17}) p.reset.mutable_data()[cut] = cut % 2 == 0 ? -1 : 1;
    const auto packed = run_mlstm<double>(p, options);
    check_same(packed, documents, 1e-13);

    // Not even a NaN crosses, in either direction.
    auto spoilt = p;
    spoilt.inputs[2] = p.inputs[2].clone();
    std::fill_n(spoilt.inputs[2].mutable_data() + 6 * 4, 4, std::nan(""));
    const auto run = run_mlstm<double>(spoilt, options);
    CHECK(std::isnan(run.values[0].data()[6 * 4]));
    for (const auto& [begin, end] : {std::pair{0, 5}, std::pair{16, 29}}) {
      CHECK(relative_error(steps_of(run.values[0], begin, end),
                           steps_of(packed.values[0], begin, end)) == 0);
      for (std::size_t i = 0; i < 5; ++i) {
        CHECK(relative_error(steps_of(run.gradients[i], begin, end),
                             steps_of(packed.gradients[i], begin, end)) == 0);
      }
    }
    for (std::size_t i = 5; i < 8; ++i) {
      CHECK(relative_error(run.gradients[i], packed.gradients[i]) == 0);
    }
  }
}

TEST_CASE("the mlstm's normaliser has a gradient: after one step h is v, whatever q and k are") {
  for (const auto form : forms) {
    const auto value = [](double x) { return parameter(Tensor<double>::full({1, 1, 1, 1}, x)); };
    const auto gate = [](double x) { return parameter(Tensor<double>::full({1, 1, 1}, x)); };
    const auto q = value(2), k = value(-3), v = value(5), i = gate(0.5), f = gate(0);
    Tape tape;
    const auto h = mlstm(q, k, v, i, f, {}, {}, {.form = form, .eps = 0}).h;
    CHECK(h.value.item() == doctest::Approx(-5));
    tape.backward(h);
    CHECK(v.grad->value().item() == doctest::Approx(-1));
    // Without the normaliser's part they would be 2.5, −1.7, 5.
    CHECK(std::abs(q.grad->value().item()) <= 1e-15);
    CHECK(std::abs(k.grad->value().item()) <= 1e-15);
    CHECK(std::abs(i.grad->value().item()) <= 1e-15);
  }
}

TEST_CASE("mlstm in single precision keeps five digits over 2048 steps") {
  auto p = random_mlstm({.B = 1, .S = 2048, .NH = 1, .DHqk = 8, .DHv = 8}, true, false);
  for (const double f : {-2.0, 3.0, 6.0, 9.0}) {
    // Gates that stay the same: the same rounding error at every step would add up.
    p.inputs[3] = Tensor<double>::full({1, 2048, 1}, 0.25);
    p.inputs[4] = Tensor<double>::full({1, 2048, 1}, f);
    for (const auto form : forms) {
      INFO("form ", static_cast<int>(form), ", f = ", f);
      const auto single = run_mlstm<float>(p, {.form = form});
      const auto exact = run_mlstm<double>(p, {.form = form});
      for (std::size_t i = 0; i < 4; ++i) {
        CHECK(relative_error(single.values[i].to<double>(), exact.values[i]) <= 2e-5);
      }
      for (std::size_t i = 0; i < 8; ++i) {
        INFO("gradient of input ", i);
        CHECK(relative_error(single.gradients[i].to<double>(), exact.gradients[i]) <= 2e-5);
      }
    }
  }
}

TEST_CASE("mlstm says what is wrong with its arguments") {
  using Shapes = std::vector<Shape>;
  const auto call = [](const Shapes& s, const Tensor<std::int32_t>& reset, MlstmOptions options) {
    const auto zeros = [&](std::size_t i) {
      return i < s.size() ? Var<float>(Tensor<float>::zeros(s[i])) : Var<float>();
    };
    mlstm(zeros(0), zeros(1), zeros(2), zeros(3), zeros(4), {zeros(5), zeros(6), zeros(7)}, reset,
          options);
  };
  const Shapes good{{2, 3, 2, 4}, {2, 3, 2, 4}, {2, 3, 2, 5}, {2, 3, 2},
                    {2, 3, 2},    {2, 2, 4, 5}, {2, 2, 4},    {2, 2}};
  CHECK_NOTHROW(call(good, {}, {}));
  const std::pair<Shape, const char*> wrong[] = {
      {{2, 3, 8}, "mlstm: q has shape [2, 3, 8], want (B, S, NH, DHqk)"},
      {{2, 3, 2, 5}, "mlstm: k has shape [2, 3, 2, 5], want [2, 3, 2, 4]"},
      {{2, 4, 2, 5}, "mlstm: v has shape [2, 4, 2, 5], want [2, 3, 2, 5]"},
      {{2, 3, 1}, "mlstm: i has shape [2, 3, 1], want [2, 3, 2]"},
      {{2, 3}, "mlstm: f has shape [2, 3], want [2, 3, 2]"},
      {{2, 2, 5, 4}, "mlstm: state c has shape [2, 2, 5, 4], want [2, 2, 4, 5]"},
      {{2, 2, 5}, "mlstm: state n has shape [2, 2, 5], want [2, 2, 4]"},
      {{2}, "mlstm: state m has shape [2], want [2, 2]"},
  };
  for (std::size_t i = 0; i < std::size(wrong); ++i) {
    Shapes shapes = good;
    shapes[i] = wrong[i].first;
    CHECK_THROWS_WITH_AS(call(shapes, {}, {}), wrong[i].second, Error);
  }
  CHECK_THROWS_WITH_AS(call({{2, 0, 2, 4}}, {}, {}),
                       "mlstm: q has shape [2, 0, 2, 4], want at least one step, head and channel",
                       Error);
  CHECK_THROWS_WITH_AS(call({good.begin(), good.begin() + 7}, {}, {}),
                       "mlstm: state has only some of c, n, m, want all or none", Error);
  CHECK_THROWS_WITH_AS(call(good, Tensor<std::int32_t>::zeros({3, 2}), {}),
                       "mlstm: reset has shape [3, 2], want [2, 3]", Error);
  CHECK_THROWS_WITH_AS(call(good, {}, {.chunk_size = 0}),
                       "mlstm: chunk size got 0, want at least 1", Error);
  CHECK_THROWS_WITH_AS(call(good, {}, {.eps = -1.0}), "mlstm: eps got -1, want at least 0", Error);
}

TEST_CASE("mlstm takes an empty batch") {
  for (const auto form : forms) {
    const auto p = random_mlstm({.B = 0, .S = 3, .NH = 2, .DHqk = 3, .DHv = 2}, true, false);
    const auto run = run_mlstm<float>(p, {.form = form});
    CHECK(run.values[0].shape() == Shape{0, 3, 2, 2});
    CHECK(run.gradients[5].shape() == Shape{0, 2, 3, 2});
  }
}

}  // namespace carousel
