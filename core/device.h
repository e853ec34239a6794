// Where an array lives.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace carousel {

enum class Device { cpu, cuda };

// As sentences, options and archives spell them.
constexpr auto words(Device) {
  return std::array{std::pair{"cpu", Device::cpu}, std::pair{"cuda", Device::cuda}};
}
constexpr const char* name(Device device) {
  return words(device)[static_cast<std::size_t>(device)].first;
}

// Whether this build and this machine have the device.
bool available(Device device);

// Throws Error, saying what is missing, unless the device is available.
void check_available(Device device);

// The devices that this build and this machine have; the cpu first.
std::vector<Device> available_devices();

}  // namespace carousel
