#include "ops/layout.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_layout_cases(CaseList& list) {
  const auto join = [](int axis) {
    return [axis](const auto& in) {
      std::vector parts{in[0], in[1]};
      if (in.size() > 2) parts.push_back(in[2]);
      return std::vector{concat(parts, axis)};
    };
  };
  list.add("concat", "first axis", {{"a", {2, 3}}, {"b", {1, 3}}}, join(0));
  list.add("concat", "last axis", {{"a", {2, 3}}, {"b", {2, 1}}, {"c", {2, 9}}}, join(-1));
  list.add("concat", "the same twice", {{"a", {2, 3, 2}}}, [](const auto& in) {
    return std::vector{concat(std::vector{in[0], in[0]}, 1)};
  });

  const auto cut = [](std::vector<std::int64_t> sizes, int axis) {
    return [sizes, axis](const auto& in) { return split(in[0], sizes, axis); };
  };
  list.add("split", "last axis", {{"x", {3, 9}}}, cut({1, 8}, -1));
  list.add("split", "middle axis", {{"x", {2, 7, 3}}}, cut({2, 4, 1}, 1));
  list.add("split", "one part unused", {{"x", {5, 3}}}, [](const auto& in) {
    return std::vector{split(in[0], {2, 3}, 0)[1]};
  });

  const auto window = [](int axis, std::int64_t begin, std::int64_t size) {
    return [=](const auto& in) { return std::vector{slice(in[0], axis, begin, size)}; };
  };
  list.add("slice", "middle axis", {{"x", {2, 5, 3}}}, window(1, 1, 3));
  list.add("slice", "one column", {{"x", {4, 7}}}, window(-1, 6, 1));

  const auto reorder = [](std::vector<int> order) {
    return [order](const auto& in) { return std::vector{permute(in[0], order)}; };
  };
  list.add("permute", "transpose", {{"x", {3, 8}}}, reorder({1, 0}));
  list.add("permute", "four axes", {{"x", {2, 3, 1, 5}}}, reorder({2, 0, 3, 1}));
  list.add("permute", "several chunks", {{"x", {101, 2, 97}}}, reorder({2, 1, 0}));
  list.add("reshape", "flatten", {{"x", {2, 3, 5}}},
           [](const auto& in) { return std::vector{reshape(in[0], {30})}; });
}

}  // namespace carousel
