#include "examples/bench/engine.h"

#include <algorithm>

#include "core/random.h"
#include "kernels/kernels.h"

namespace carousel::bench {

namespace {

Device device = Device::cpu;

}  // namespace

std::vector<std::string_view> engines() {
  const auto backends = available_backends();
  std::vector<std::string_view> result(backends.begin(), backends.end());
  if (available(Device::cuda)) result.emplace_back(name(Device::cuda));
  return result;
}

void use_engine(std::string_view name_of_engine) {
  device = name_of_engine == name(Device::cuda) ? Device::cuda : Device::cpu;
  if (device == Device::cpu) use_backend(name_of_engine);
}

Device device_in_use() { return device; }

Tensor<float> noise(const Shape& shape) {
  constexpr std::int64_t period = 4093;
  static const auto numbers = random_normal<float>({period}, Random{1}, 0.5);
  Tensor<float> result(shape);
  for (std::int64_t begin = 0; begin < result.numel(); begin += period) {
    const auto count = std::min(period, result.numel() - begin);
    std::copy_n(numbers.data(), count, result.mutable_data() + begin);
  }
  return placed(result);
}

Tensor<float> filled(const Shape& shape, float value) {
  return Tensor<float>::full(shape, value, device);
}

}  // namespace carousel::bench
