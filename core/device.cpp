#include "core/device.h"

#include "core/cuda/memory.h"
#include "core/error.h"

namespace carousel {

bool available(Device device) { return device == Device::cpu || cuda::missing().empty(); }

void check_available(Device device) {
  CAROUSEL_CHECK(available(device), "device cuda: {}", cuda::missing());
}

std::vector<Device> available_devices() {
  if (available(Device::cuda)) return {Device::cpu, Device::cuda};
  return {Device::cpu};
}

}  // namespace carousel
