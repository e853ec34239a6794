#include "ops/block_diagonal.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_block_diagonal_cases(CaseList& list) {
  const auto add = [&](const char* note, Shape x, const Shape& weight) {
    list.add(
        "block_diagonal", note, {{"x", x}, {"weight", weight}, {"bias", {weight[0] * weight[1]}}},
        [](const auto& in) { return std::vector{block_diagonal(in[0], in.wide(1), in.wide(2))}; });
  };
  add("everything of size one", {1, 1}, {1, 1, 1});
  add("small square blocks", {2, 3, 20}, {5, 4, 4});
  add("rectangular blocks", {7, 6}, {2, 5, 3});
  add("large blocks", {5, 34}, {2, 17, 17});
  add("many rows", {521, 6}, {3, 2, 2});
  add("several tasks", {300, 160}, {40, 4, 4});
  list.add("block_diagonal", "one row, no bias", {{"x", {16}}, {"weight", {2, 8, 8}}},
           [](const auto& in) { return std::vector{block_diagonal(in[0], in.wide(1), {})}; });
}

}  // namespace carousel
