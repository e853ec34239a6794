#include "ops/dropout.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_dropout_cases(CaseList& list) {
  const auto drop = [](double probability) {
    return [probability](const auto& in) {
      return std::vector{dropout(in[0], probability, Random{3, 4})};
    };
  };
  list.add("dropout", "p = 0.5", {{"x", {3, 7}}}, drop(0.5));
  list.add("dropout", "p = 0", {{"x", {5}}}, [](const auto& in) {
    // Recorded work around it, so that there is a step to go back through.
    return std::vector{dropout(dropout(in[0], 0, Random{}), 0.1, Random{5, 6})};
  });
  list.add("dropout", "several chunks", {{"x", {2, 1031}}}, drop(0.2));
}

}  // namespace carousel
