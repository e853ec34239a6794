#include "core/memory.h"

#include <cstdlib>
#include <cstring>

#include "core/cuda/memory.h"

namespace carousel {

void* allocate_memory(std::size_t bytes, Device device) {
  if (device == Device::cpu) {
    constexpr std::size_t alignment = 64;
    return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  }
  check_available(device);
  return cuda::allocate(bytes);
}

void release_memory(void* memory, Device device) {
  if (device == Device::cpu) {
    std::free(memory);
  } else {
    cuda::release(memory);
  }
}

void copy_memory(void* to, Device to_device, const void* from, Device from_device,
                 std::size_t bytes) {
  if (bytes == 0) return;
  if (to_device == Device::cpu && from_device == Device::cpu) {
    std::memcpy(to, from, bytes);
  } else if (from_device == Device::cpu) {
    cuda::copy_to_device(to, from, bytes);
  } else if (to_device == Device::cpu) {
    cuda::copy_to_host(to, from, bytes);
  } else {
    cuda::copy(to, from, bytes);
  }
}

void fill_memory(void* memory, Device device, const void* element, std::size_t size,
                 std::size_t n) {
  if (device == Device::cuda) return cuda::fill(memory, element, size, n);
  if (size == 1) {
    std::memset(memory, *static_cast<const unsigned char*>(element), n);
    return;
  }
  auto* const bytes = static_cast<std::byte*>(memory);
  for (std::size_t i = 0; i < n; ++i) std::memcpy(bytes + i * size, element, size);
}

}  // namespace carousel
