#include "ops/matmul.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_matmul_cases(CaseList& list) {
  const auto product = [](bool transpose_a, bool transpose_b) {
    return [transpose_a, transpose_b](const auto& in) {
      return std::vector{matmul(in[0], in[1], transpose_a, transpose_b)};
    };
  };
  list.add("matmul", "one number", {{"a", {1, 1}}, {"b", {1, 1}}}, product(false, false));
  list.add("matmul", "a b", {{"a", {3, 5}}, {"b", {5, 9}}}, product(false, false));
  list.add("matmul", "a bᵀ", {{"a", {8, 7}}, {"b", {4, 7}}}, product(false, true));
  list.add("matmul", "aᵀ b", {{"a", {3, 17}}, {"b", {3, 8}}}, product(true, false));
  list.add("matmul", "aᵀ bᵀ", {{"a", {6, 5}}, {"b", {2, 6}}}, product(true, true));
  list.add("matmul", "batch", {{"a", {2, 3, 4, 5}}, {"b", {2, 3, 7, 5}}}, product(false, true));
  list.add("matmul", "row times matrix", {{"a", {3, 1, 9}}, {"b", {3, 9, 7}}},
           product(false, false));
  list.add("matmul", "matrix times column", {{"a", {11, 9}}, {"b", {9, 1}}}, product(false, false));
  list.add("matmul", "several blocks, long sums", {{"a", {67, 259}}, {"b", {259, 71}}},
           product(false, false));
  list.add("matmul", "x xᵀ", {{"x", {3, 5}}},
           [](const auto& in) { return std::vector{matmul(in[0], in[0], false, true)}; });
}

}  // namespace carousel
