#include "ops/reduce.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_reduce_cases(CaseList& list) {
  const auto sum_over = [](int axis) {
    return [axis](const auto& in) { return std::vector{sum(in[0], axis)}; };
  };
  list.add("sum", "first axis", {{"x", {3, 7, 2}}}, sum_over(0));
  list.add("sum", "middle axis", {{"x", {3, 7, 17}}}, sum_over(1));
  list.add("sum", "last axis", {{"x", {5, 9}}}, sum_over(-1));
  list.add("sum", "several chunks", {{"x", {300, 67}}}, sum_over(0));
  list.add("sum", "all elements", {{"x", {2, 5}}},
           [](const auto& in) { return std::vector{sum(in[0])}; });
  list.add("mean", "middle axis", {{"x", {2, 3, 4}}},
           [](const auto& in) { return std::vector{mean(in[0], 1)}; });
  list.add("mean", "all elements", {{"x", {11}}},
           [](const auto& in) { return std::vector{mean(in[0])}; });
}

}  // namespace carousel
