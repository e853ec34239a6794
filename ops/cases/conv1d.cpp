#include "ops/conv1d.h"

#include "ops/cases/cases.h"

namespace carousel {

namespace {

struct Sizes {
  std::int64_t B, S, C, KS;
};

std::vector<CaseInput> inputs(const Sizes& s) {
  return {{"x", {s.B, s.S, s.C}},
          {"weight", {s.C, 1, s.KS}},
          {"bias", {s.C}},
          {"state", {s.B, s.KS - 1, s.C}}};
}

auto call(const Tensor<std::int32_t>& reset) {
  return [reset](const auto& in) {
    const auto [y, state] = causal_conv1d(in[0], in.wide(1), in.wide(2), in.wide(3), reset);
    return std::tuple{y, state};
  };
}

}  // namespace

void add_conv1d_cases(CaseList& list) {
  const auto add = [&](const char* note, const Sizes& sizes,
                       const Tensor<std::int32_t>& reset = {}) {
    list.add("causal_conv1d", note, inputs(sizes), call(reset));
  };
  add("everything of size one", {1, 1, 1, 1});
  add("kernel size 1", {2, 3, 5, 1});
  add("one step", {3, 1, 7, 4});
  add("fewer steps than the state", {2, 2, 8, 4});
  add("as many steps as the state", {2, 3, 5, 4});
  add("nine steps", {1, 9, 9, 4});
  add("wide", {2, 5, 33, 2});
  add("several tasks", {4, 64, 40, 4});
  add("reset", {3, 6, 5, 4},
      Tensor<std::int32_t>::from({3, 6}, {0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1}));
  add("reset, fewer steps than the state", {2, 2, 5, 4},
      Tensor<std::int32_t>::from({2, 2}, {0, 1, 1, 0}));
  list.add("causal_conv1d", "no bias, no state", {{"x", {2, 5, 3}}, {"weight", {3, 1, 4}}},
           [](const auto& in) { return std::vector{causal_conv1d(in[0], in.wide(1), {}).y}; });
  list.add("causal_conv1d", "one tensor as x and as state",
           {{"x", {2, 3, 5}}, {"weight", {5, 1, 4}}, {"bias", {5}}}, [](const auto& in) {
             return std::vector{causal_conv1d(in[0], in.wide(1), in.wide(2), in.wide(0)).y};
           });
}

}  // namespace carousel
