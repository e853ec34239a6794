#include "ops/embedding.h"

#include <doctest/doctest.h>

namespace carousel {

TEST_CASE("embedding picks rows") {
  const auto weight = Tensor<float>::from({3, 2}, {0, 1, 10, 11, 20, 21});
  const auto y = embedding<float>(Tensor<std::int32_t>::from({2, 1}, {2, 0}), weight);
  CHECK(y.shape() == Shape{2, 1, 2});
  CHECK(y.data()[0] == 20);
  CHECK(y.data()[3] == 1);
}

TEST_CASE("embedding refuses what it cannot look up") {
  const Var<float> weight = Tensor<float>::zeros({3, 2});
  const auto ids = [](std::int32_t id) { return Tensor<std::int32_t>::from({2}, {0, id}); };
  CHECK_THROWS_WITH(embedding<float>(ids(3), weight),
                    "embedding: id 3 at position 1 of shape [2], want 0 to 2");
  CHECK_THROWS_WITH(embedding<float>(ids(-1), weight),
                    "embedding: id -1 at position 1 of shape [2], want 0 to 2");
  CHECK_THROWS_WITH(embedding<float>(ids(0), Tensor<float>::zeros({3})),
                    "embedding: weight has shape [3], want [V, d]");
}

}  // namespace carousel
