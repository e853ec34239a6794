// Raw memory of any device.
#pragma once

#include <cstddef>

#include "core/device.h"

namespace carousel {

// At a multiple of 64 bytes; null when there is none left. Throws Error when the device is missing.
void* allocate_memory(std::size_t bytes, Device device);
void release_memory(void* memory, Device device);

// From one device to the same or another one.
void copy_memory(void* to, Device to_device, const void* from, Device from_device,
                 std::size_t bytes);

// n elements of `size` bytes each, at most 8, become equal to the one on the host.
void fill_memory(void* memory, Device device, const void* element, std::size_t size, std::size_t n);

// Waits until the device has done all that it was asked to. Throws Error when it failed.
void synchronize(Device device);

}  // namespace carousel
