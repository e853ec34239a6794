#include "core/cuda/memory.h"

#include <algorithm>

#include "core/cuda/check.h"
#include "core/cuda/stream.h"

namespace carousel::cuda {

const std::string& missing() {
  static const std::string reason = []() -> std::string {
    int devices = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    cudaGetLastError();
    if (error != cudaSuccess)
      return fmt::format("this machine has no GPU that works ({})", cudaGetErrorString(error));
    if (devices == 0) return "this machine has no GPU";
    return "";
  }();
  return reason;
}

void* allocate(std::size_t bytes) {
  void* memory = nullptr;
  const cudaError_t error = cudaMalloc(&memory, std::max(bytes, std::size_t{1}));
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return nullptr;
  }
  check(error, "device cuda: cudaMalloc");
  return memory;
}

// No error is thrown: the memory may be freed while another error is on its way.
void release(void* memory) { cudaFree(memory); }

void* allocate_pinned(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMallocHost(&memory, std::max(bytes, std::size_t{1})), "device cuda: host memory");
  return memory;
}

void release_pinned(void* memory) { cudaFreeHost(memory); }

void send(void* to, const void* pinned, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, pinned, bytes, cudaMemcpyHostToDevice, stream()),
        "device cuda: copy from the host");
}

void fetch(void* pinned, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(pinned, from, bytes, cudaMemcpyDeviceToHost, stream()),
        "device cuda: copy to the host");
}

void copy_to_device(void* to, const void* from, std::size_t bytes) {
  send(to, from, bytes);
  synchronize();
}

void copy_to_host(void* to, const void* from, std::size_t bytes) {
  fetch(to, from, bytes);
  synchronize();
}

void copy(void* to, const void* from, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream()), "device cuda: copy");
}

// Equal bytes are one call; others one strided call for each byte of the first elements, which are
// then doubled. Either way nothing is read from the host later.
void fill(void* memory, const void* element, std::size_t size, std::size_t n) {
  if (n == 0) return;
  const auto* const bytes = static_cast<const unsigned char*>(element);
  constexpr const char* what = "device cuda: fill";
  if (std::all_of(bytes, bytes + size, [&](unsigned char byte) { return byte == bytes[0]; })) {
    check(cudaMemsetAsync(memory, bytes[0], n * size, stream()), what);
    return;
  }
  auto* const first = static_cast<unsigned char*>(memory);
  const std::size_t some = std::min<std::size_t>(n, 64);
  for (std::size_t i = 0; i < size; ++i)
    check(cudaMemset2DAsync(first + i, size, bytes[i], 1, some, stream()), what);
  for (std::size_t done = some; done < n; done *= 2)
    copy(first + done * size, memory, std::min(done, n - done) * size);
}

void synchronize() { check(cudaStreamSynchronize(stream()), "device cuda"); }

}  // namespace carousel::cuda
