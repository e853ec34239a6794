#include "ops/matmul.h"

#include "ops/cases/cases.h"

namespace carousel {

namespace {

void add_product_cases(CaseList& list) {
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

void add_linear_cases(CaseList& list) {
  const auto affine = [](const auto& in) { return std::vector{linear(in[0], in[1], in[2])}; };
  const auto inputs = [](Shape x, std::int64_t out) {
    return std::vector<CaseInput>{{"x", x}, {"weight", {out, x[-1]}}, {"bias", {out}}};
  };
  list.add("linear", "one row", inputs({9}, 7), affine);
  list.add("linear", "one output", inputs({5, 8}, 1), affine);
  list.add("linear", "leading axes", inputs({2, 3, 5}, 17), affine);
  list.add("linear", "several blocks", inputs({131, 33}, 65), affine);
  list.add("linear", "no bias", {{"x", {4, 3}}, {"weight", {6, 3}}},
           [](const auto& in) { return std::vector{linear(in[0], in[1], {})}; });
}

}  // namespace

void add_matmul_cases(CaseList& list) {
  add_product_cases(list);
  add_linear_cases(list);
}

}  // namespace carousel
