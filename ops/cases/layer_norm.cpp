#include "ops/layer_norm.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_layer_norm_cases(CaseList& list) {
  const auto full = [](NormOptions options) {
    return [options](const auto& in) {
      return std::vector{layer_norm(in[0], in.wide(1), in.wide(2), options)};
    };
  };
  const auto inputs = [](std::int64_t rows, std::int64_t channels) {
    return std::vector<CaseInput>{
        {"x", {rows, channels}, 2, 0.5}, {"weight", {channels}}, {"bias", {channels}}};
  };
  list.add("layer_norm", "one row", inputs(1, 8), full({}));
  list.add("layer_norm", "odd sizes", inputs(5, 7), full({}));
  list.add("layer_norm", "one past a vector", inputs(3, 17), full({.eps = 1e-2}));
  list.add("layer_norm", "residual weight", inputs(4, 9), full({.residual_weight = true}));
  list.add("layer_norm", "heads", inputs(6, 12), full({.groups = 3, .residual_weight = true}));
  list.add("layer_norm", "no weight, no bias", {{"x", {2, 3, 5}}},
           [](const auto& in) { return std::vector{layer_norm(in[0], {}, {})}; });

  const auto added = [](NormOptions options) {
    return [options](const auto& in) {
      const auto [sum, y] = add_layer_norm(in[0], in[1], in.wide(2), in.wide(3), options);
      return std::vector{sum, y};
    };
  };
  const auto pair = [](std::int64_t rows, std::int64_t channels) {
    return std::vector<CaseInput>{{"x", {rows, channels}, 2, 0.5},
                                  {"branch", {rows, channels}},
                                  {"weight", {channels}},
                                  {"bias", {channels}}};
  };
  list.add("add_layer_norm", "one row", pair(1, 8), added({}));
  list.add("add_layer_norm", "one past two packs", pair(5, 17), added({.residual_weight = true}));
  list.add("add_layer_norm", "heads", pair(70, 12), added({.groups = 3}));
  list.add("add_layer_norm", "the norm alone", {{"x", {3, 5}}, {"branch", {3, 5}}},
           [](const auto& in) { return std::vector{add_layer_norm(in[0], in[1], {}, {}).y}; });
  list.add("add_layer_norm", "x + x", {{"x", {3, 9}}},
           [](const auto& in) { return std::vector{add_layer_norm(in[0], in[0], {}, {}).y}; });
}

}  // namespace carousel
