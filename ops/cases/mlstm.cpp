#include "ops/mlstm.h"

#include <array>
#include <tuple>

#include "core/random.h"
#include "ops/cases/cases.h"

namespace carousel {

namespace {

struct Sizes {
  std::int64_t B, S, NH, DHqk, DHv;
};

// Queries that put den = n·q in turn far above its guard exp(−m), far below −exp(−m), and between
// the two: every branch is taken, and no difference quotient steps across from one to the other.
std::vector<double> queries(const Sizes& n) {
  const auto noise =
      random_normal<double>({n.B, n.S, n.NH, n.DHqk}, Random{}.named("mlstm q"), 0.3, 1);
  std::vector<double> values(noise.values().begin(), noise.values().end());
  for (std::size_t at = 0; at < values.size(); ++at) {
    values[at] *= std::array{1.0, -1.0, 0.005}[at / static_cast<std::size_t>(n.DHqk) % 3];
  }
  return values;
}

std::vector<CaseInput> sequence(const Sizes& n) {
  return {
      {"q", {n.B, n.S, n.NH, n.DHqk}, 1, 0, queries(n)},
      {"k", {n.B, n.S, n.NH, n.DHqk}, 0.3, 1.2},
      {"v", {n.B, n.S, n.NH, n.DHv}},
      {"i", {n.B, n.S, n.NH}, 0.5, 0.7},
      {"f", {n.B, n.S, n.NH}, 2, 1},
  };
}

std::vector<CaseInput> with_state(const Sizes& n) {
  auto inputs = sequence(n);
  inputs.push_back({"c0", {n.B, n.NH, n.DHqk, n.DHv}});
  inputs.push_back({"n0", {n.B, n.NH, n.DHqk}, 0.3, 1});
  inputs.push_back({"m0", {n.B, n.NH}});
  return inputs;
}

// The op with every output: h and the final state.
auto call(const MlstmOptions& options, const Tensor<std::int32_t>& reset = {}) {
  return [options, reset]<class Real>(const CaseArguments<Real>& in) {
    MlstmState<Wide<Real>> state;
    if (in.size() > 5) state = {in.wide(5), in.wide(6), in.wide(7)};
    const auto [h, last] =
        mlstm(in[0], in[1], in[2], in.wide(3), in.wide(4), state, reset, options);
    return std::tuple{h, last.c, last.n, last.m};
  };
}

}  // namespace

void add_mlstm_cases(CaseList& list) {
  for (const auto form : {MlstmForm::recurrent, MlstmForm::parallel, MlstmForm::chunkwise}) {
    const std::string name =
        std::array{"recurrent", "parallel", "chunkwise"}.at(static_cast<std::size_t>(form));
    const MlstmOptions options{.form = form, .chunk_size = 4};
    const auto add = [&](const std::string& note, const std::vector<CaseInput>& inputs,
                         const MlstmOptions& with, const Tensor<std::int32_t>& reset = {}) {
      list.add("mlstm", name + ", " + note, inputs, call(with, reset));
    };
    add("one step", sequence({2, 1, 2, 3, 2}), options);
    add("one step from a state", with_state({1, 1, 2, 5, 3}), options);
    add("one channel, one head", with_state({1, 7, 1, 1, 1}), options);
    add("fresh", sequence({2, 11, 2, 4, 3}), options);
    add("from a state", with_state({1, 9, 2, 3, 8}), options);
    add("eps = 0", with_state({1, 9, 2, 3, 5}), {.form = form, .chunk_size = 4, .eps = 0});
    add("a large eps", with_state({1, 9, 1, 3, 5}), {.form = form, .chunk_size = 5, .eps = 0.1});
    add("scaled query", with_state({1, 6, 1, 9, 2}),
        {.form = form, .chunk_size = 3, .scale_query = true});
    add("more than a tile of everything", with_state({1, 27, 1, 9, 19}),
        {.form = form, .chunk_size = 23});
    add("resets", with_state({2, 10, 1, 3, 2}), options,
        Tensor<std::int32_t>::from({2, 10}, {0, 0, 1, 0, 0, 1, 1, 0, 1, 0,  //
                                             1, 0, 0, 0, 1, 0, 0, 0, 0, 1}));
  }
}

}  // namespace carousel
