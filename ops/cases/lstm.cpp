#include "ops/lstm.h"

#include "ops/cases/cases.h"

namespace carousel {

namespace {

struct Sizes {
  std::int64_t B, S, NH, DH;
};

std::vector<CaseInput> inputs(const Sizes& s) {
  const Shape steps{s.B, s.S, s.NH, s.DH}, state{s.B, s.NH, s.DH};
  return {{"i", steps},
          {"f", steps, 1.5, 0.5},
          {"z", steps},
          {"o", steps},
          {"recurrent", {s.NH, 4 * s.DH, s.DH}, 0.4},
          {"bias", {4, s.NH, s.DH}},
          {"h0", state, 0.5},
          {"c0", state}};
}

// The inputs above, or only the first six of them: zero state.
auto call(const Tensor<std::int32_t>& reset) {
  return [=]<class Real>(const CaseArguments<Real>& in) {
    const auto state = in.size() == 6 ? LstmState<Real>{} : LstmState<Real>{in[6], in[7]};
    const auto [y, last] = lstm(in[0], in[1], in[2], in[3], in[4], in[5], state, reset);
    return std::vector{y, last.h, last.c};
  };
}

}  // namespace

void add_lstm_cases(CaseList& list) {
  const auto reset = Tensor<std::int32_t>::from({3, 4}, {0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0});
  list.add_wide("lstm", "everything of size one", inputs({1, 1, 1, 1}), call({}));
  list.add_wide("lstm", "one step", inputs({2, 1, 2, 3}), call({}));
  list.add_wide("lstm", "odd sizes", inputs({5, 4, 3, 7}), call({}));
  list.add_wide("lstm", "one head of eight", inputs({1, 6, 1, 8}), call({}));
  list.add_wide("lstm", "one past a vector", inputs({2, 3, 1, 9}), call({}));
  list.add_wide("lstm", "several tasks", inputs({5, 6, 2, 17}), call({}));
  list.add_wide("lstm", "many sequences", inputs({15, 3, 1, 3}), call({}));
  list.add_wide("lstm", "many steps", inputs({3, 45, 1, 2}), call({}));
  list.add_wide("lstm", "one sequence", inputs({1, 3, 1, 17}), call({}));
  list.add_wide("lstm", "one step of one sequence", inputs({1, 1, 2, 17}), call({}));
  list.add_wide("lstm", "reset", inputs({3, 4, 2, 3}), call(reset));
  auto from_zero = inputs({2, 5, 2, 3});
  from_zero.resize(6);
  list.add_wide("lstm", "from zero", from_zero, call({}));
}

}  // namespace carousel
