#include "ops/layer_norm.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_layer_norm_cases(CaseList& list) {
  const auto full = [](NormOptions options) {
    return
        [options](const auto& in) { return std::vector{layer_norm(in[0], in[1], in[2], options)}; };
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
}

}  // namespace carousel
