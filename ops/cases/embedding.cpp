#include "ops/embedding.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_embedding_cases(CaseList& list) {
  const auto lookup = [](Shape shape, std::initializer_list<std::int32_t> ids) {
    return
        [ids = Tensor<std::int32_t>::from(shape, ids)]<class Real>(const CaseArguments<Real>& in) {
          return std::vector{embedding<Real>(ids, in.wide(0))};
        };
  };
  list.add("embedding", "one id", {{"weight", {1, 1}}}, lookup({1}, {0}));
  list.add("embedding", "repeated ids", {{"weight", {5, 7}}}, lookup({2, 3}, {4, 0, 4, 4, 2, 0}));
  list.add("embedding", "several chunks of columns", {{"weight", {3, 67}}},
           lookup({4}, {2, 1, 2, 2}));
}

}  // namespace carousel
