#include "ops/linear.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_linear_cases(CaseList& list) {
  const auto affine = [](const auto& in) {
    return std::vector{linear(in[0], in.wide(1), in.wide(2))};
  };
  const auto inputs = [](Shape x, std::int64_t out) {
    return std::vector<CaseInput>{{"x", x}, {"weight", {out, x[-1]}}, {"bias", {out}}};
  };
  list.add("linear", "one row", inputs({9}, 7), affine);
  list.add("linear", "one output", inputs({5, 8}, 1), affine);
  list.add("linear", "leading axes", inputs({2, 3, 5}, 17), affine);
  list.add("linear", "several blocks", inputs({131, 33}, 65), affine);
  list.add("linear", "no bias", {{"x", {4, 3}}, {"weight", {6, 3}}},
           [](const auto& in) { return std::vector{linear(in[0], in.wide(1), {})}; });
  list.add("linear_wide", "leading axes", inputs({2, 3, 5}, 17),
           [](const auto& in) { return std::vector{linear_wide(in[0], in.wide(1), in.wide(2))}; });
  list.add("linear_wide", "no bias", {{"x", {4, 3}}, {"weight", {6, 3}}},
           [](const auto& in) { return std::vector{linear_wide(in[0], in.wide(1), {})}; });
  const auto in_parts = [](const auto& in) {
    return linear_split(in[0], in.wide(1), in.wide(2), {3, 0, 6});
  };
  list.add("linear_split", "three parts", inputs({2, 5, 7}, 9), in_parts);
  list.add("linear_split", "no bias", {{"x", {4, 3}}, {"weight", {6, 3}}}, [](const auto& in) {
    return linear_split(in[0], in.wide(1), {}, {4, 2});
  });
  const auto joined = [](const auto& in) {
    return std::vector{linear_concat(std::vector{in[0], in[1], in[0]}, in.wide(2), in.wide(3))};
  };
  list.add("linear_concat", "one part twice",
           {{"a", {3, 2, 5}}, {"b", {3, 2, 8}}, {"weight", {4, 18}}, {"bias", {4}}}, joined);
  list.add("linear_concat", "no bias", {{"a", {17, 9}}, {"b", {17, 1}}, {"weight", {2, 10}}},
           [](const auto& in) {
             return std::vector{linear_concat(std::vector{in[0], in[1]}, in.wide(2), {})};
           });
}

}  // namespace carousel
