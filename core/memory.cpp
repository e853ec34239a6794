#include "core/memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "core/cuda/memory.h"

namespace carousel {

namespace {

// Large blocks lie on huge pages where the system has some: an eighth of the time that reading them
// takes would go into translating addresses.
void* allocate_on_host(std::size_t bytes) {
  constexpr std::size_t line = 64, huge_page = std::size_t{2} << 20;
  const std::size_t alignment = bytes < huge_page ? line : huge_page;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) return nullptr;
#ifdef MADV_HUGEPAGE
  if (alignment == huge_page) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace

void* allocate_memory(std::size_t bytes, Device device) {
  if (device == Device::cpu) return allocate_on_host(bytes);
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
  if (n == 0) return;
  constexpr std::size_t most = 2048;  // elements that are copied at once, out of the nearest cache
  auto* const bytes = static_cast<std::byte*>(memory);
  std::memcpy(bytes, element, size);
  for (std::size_t done = 1, more = 0; done < n; done += more) {
    more = std::min({done, n - done, most});
    std::memcpy(bytes + done * size, bytes, more * size);
  }
}

void synchronize(Device device) {
  if (device == Device::cuda) cuda::synchronize();
}

}  // namespace carousel
