// Where an array lives.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace carousel {

enum class Device { cpu, cuda };

inline const char* name(Device device) { return device == Device::cpu ? "cpu" : "cuda"; }

// As options and archives spell them.
constexpr auto words(Device) {
  return std::array{std::pair{"cpu", Device::cpu}, std::pair{"cuda", Device::cuda}};
}

// The device of this name. Throws Error for another name than "cpu" and "cuda".
Device parse_device(std::string_view name);

// Whether this build and this machine have the device.
bool available(Device device);

// Throws Error, saying what is missing, unless the device is available.
void check_available(Device device);

// The devices that this build and this machine have; the cpu first.
std::vector<Device> available_devices();

}  // namespace carousel
