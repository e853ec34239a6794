#include "core/tensor.h"

#include <doctest/doctest.h>

namespace carousel {

TEST_CASE("a tensor holds what it is given") {
  const auto x = Tensor<float>::from({2, 2}, {1, 2, 3, 4});
  CHECK(x.numel() == 4);
  CHECK(x.dim(-1) == 2);
  CHECK(x.data()[3] == 4);
  CHECK(Tensor<std::int32_t>::full({3}, 7).values()[2] == 7);
  CHECK(Tensor<double>::zeros({}).item() == 0);
  CHECK(x.to<double>().data()[2] == 3.0);
}

TEST_CASE("copies and reshapes share elements, clones do not") {
  auto x = Tensor<double>::from({2, 3}, {0, 1, 2, 3, 4, 5});
  const Tensor<double> copy = x, reshaped = x.reshape({3, 2}), clone = x.clone();
  x.mutable_data()[0] = 9;
  CHECK(copy.data()[0] == 9);
  CHECK(reshaped.data()[0] == 9);
  CHECK(reshaped.shape() == Shape{3, 2});
  CHECK(clone.data()[0] == 0);
}

TEST_CASE("an undefined tensor is empty") {
  const Tensor<float> none;
  CHECK_FALSE(none.defined());
  CHECK(none.numel() == 0);
  CHECK(none.data() == nullptr);
  CHECK_FALSE(none.clone().defined());
}

TEST_CASE("tensors refuse what does not fit") {
  const auto x = Tensor<float>::zeros({2, 3});
  CHECK_THROWS_WITH(x.reshape({4}), "Tensor: cannot reshape [2, 3] to [4]");
  CHECK_THROWS_WITH(x.item(), "Tensor: item() on shape [2, 3], want one element");
  CHECK_THROWS_WITH(Tensor<float>::from({2}, {1, 2, 3}),
                    "Tensor: got 3 values for shape [2], want 2");
}

}  // namespace carousel
