#include "core/mirror.h"

#include "core/cuda/memory.h"

namespace carousel::detail {

PinnedMemory::PinnedMemory(std::size_t bytes)
    : memory_(static_cast<std::byte*>(cuda::allocate_pinned(bytes)),
              [](std::byte* memory) { cuda::release_pinned(memory); }) {}

void PinnedMemory::send(void* to, std::size_t bytes) const { cuda::send(to, data(), bytes); }
void PinnedMemory::fetch(const void* from, std::size_t bytes) { cuda::fetch(data(), from, bytes); }

}  // namespace carousel::detail
