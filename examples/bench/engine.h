// Engines: what computes. The processor with one of its backends, or an NVIDIA GPU, "cuda".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"

namespace carousel::bench {

// Those that this build and this machine have, the reference first.
std::vector<std::string_view> engines();

// From here on kernels, models and arrays are this engine's.
void use_engine(std::string_view name);

// Where that is.
Device device_in_use();

// Arrays there: normally distributed numbers, the same number everywhere, and given ones.
Tensor<float> noise(const Shape& shape);
Tensor<float> filled(const Shape& shape, float value);
template <class T>
Tensor<T> placed(const Tensor<T>& x) {
  return x.to(device_in_use());
}

}  // namespace carousel::bench
