// Where an array lives.
#pragma once

namespace carousel {

enum class Device { cpu, cuda };

inline const char* name(Device device) { return device == Device::cpu ? "cpu" : "cuda"; }

}  // namespace carousel
