// A stable order of small numbers.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace carousel::cuda {

// The places of keys (N), each in [0, bound), in the order of their keys; equal keys in that of
// their places. On the device.
Tensor<std::int32_t> sorted_places(const std::int32_t* keys, std::int64_t N, std::int64_t bound);

}  // namespace carousel::cuda
