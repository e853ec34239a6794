#include "ops/slstm.h"

#include "ops/cases/cases.h"

namespace carousel {

namespace {

struct Sizes {
  std::int64_t B, S, NH, DH;
};

std::vector<CaseInput> inputs(const Sizes& s) {
  const Shape steps{s.B, s.S, s.NH, s.DH}, state{s.B, s.NH, s.DH};
  // n0 is positive, as a normaliser is, and far enough from zero for difference quotients.
  return {{"i", steps},
          {"f", steps, 1.5, 0.5},
          {"z", steps},
          {"o", steps},
          {"recurrent", {s.NH, 4 * s.DH, s.DH}, 0.4},
          {"bias", {4, s.NH, s.DH}},
          {"h0", state, 0.5},
          {"c0", state},
          {"n0", state, 0.1, 1.2},
          {"m0", state, 0.5}};
}

// The inputs above, or only the first six of them: zero state.
auto call(const Tensor<std::int32_t>& reset, const SlstmOptions& options) {
  return [=]<class Real>(const CaseArguments<Real>& in) {
    const auto state =
        in.size() == 6 ? SlstmState<Real>{} : SlstmState<Real>{in[6], in[7], in[8], in[9]};
    const auto [y, last] = slstm(in[0], in[1], in[2], in[3], in[4], in[5], state, reset, options);
    return std::vector{y, last.h, last.c, last.n, last.m};
  };
}

}  // namespace

void add_slstm_cases(CaseList& list) {
  const auto add = [&](const char* note, const Sizes& sizes, const Tensor<std::int32_t>& reset = {},
                       const SlstmOptions& options = {}) {
    list.add_wide("slstm", note, inputs(sizes), call(reset, options));
  };
  const auto from_zero = [](std::vector<CaseInput> all) {
    all.resize(6);
    return all;
  };
  const auto reset =
      Tensor<std::int32_t>::from({3, 5}, {0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0});
  const SlstmOptions exponential{.forget_gate = ForgetGate::exponential};

  add("everything of size one", {1, 1, 1, 1});
  add("one step", {2, 1, 2, 3});
  add("odd sizes", {5, 4, 3, 7});
  add("one head of eight", {1, 6, 1, 8});
  add("one past a vector", {2, 3, 1, 9});
  add("several tasks", {5, 6, 2, 17});
  add("many sequences", {15, 3, 1, 3});
  add("many steps", {3, 45, 1, 2});
  add("one sequence", {1, 3, 1, 17});
  add("one step of one sequence", {1, 1, 2, 17});
  add("reset", {3, 5, 2, 4}, reset);
  add("exponential forget gate", {3, 5, 2, 4}, {}, exponential);
  add("exponential forget gate, reset", {3, 5, 2, 4}, reset, exponential);
  list.add_wide("slstm", "from zero", from_zero(inputs({2, 5, 2, 3})), call({}, {}));
  list.add_wide("slstm", "one input for every gate",
                {{"x", {2, 4, 2, 3}}, {"recurrent", {2, 12, 3}, 0.4}, {"bias", {4, 2, 3}}},
                [](const auto& in) {
                  return std::vector{slstm(in[0], in[0], in[0], in[0], in[1], in[2]).y};
                });
}

}  // namespace carousel
