#include "ops/cross_entropy.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_cross_entropy_cases(CaseList& list) {
  const auto loss = [](Shape shape, std::initializer_list<std::int32_t> targets) {
    return [targets = Tensor<std::int32_t>::from(shape, targets)](const auto& in) {
      return std::vector{cross_entropy(in[0], targets)};
    };
  };
  list.add_wide("cross_entropy", "one row", {{"logits", {8}}}, loss({}, {3}));
  list.add_wide("cross_entropy", "odd sizes", {{"logits", {2, 3, 7}, 3}},
                loss({2, 3}, {0, 6, 1, 1, 5, 2}));
  list.add_wide("cross_entropy", "ignored targets", {{"logits", {5, 9}}},
                loss({5}, {-1, 8, -100, 0, 4}));
  list.add_wide("cross_entropy", "large vocabulary", {{"logits", {3, 2053}, 5}},
                loss({3}, {2052, 0, -1}));
  list.add_wide("cross_entropy", "two classes", {{"logits", {3, 2}, 5}}, loss({3}, {1, 0, 1}));
}

}  // namespace carousel
