#include "kernels/cuda/launch.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/error.h"

namespace carousel::cuda::detail {
namespace {

std::string name_of(const void* kernel) {
  const char* mangled = nullptr;
  if (cudaFuncGetName(&mangled, kernel) != cudaSuccess) return "(unnamed)";
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), std::free);
  return name == nullptr ? mangled : name.get();
}

std::string text(const dim3& d) { return fmt::format("({}, {}, {})", d.x, d.y, d.z); }

}  // namespace

void check_launch(cudaError_t error, const void* kernel, const cudaLaunchConfig_t& config) {
  if (error == cudaSuccess) [[likely]]
    return;
  cudaGetLastError();  // reported here, not once more by the next call that asks
  fail("device cuda: launch of {} with grid {}, block {} and {} bytes of shared memory: {}",
       name_of(kernel), text(config.gridDim), text(config.blockDim), config.dynamicSmemBytes,
       cudaGetErrorString(error));
}

cudaError_t allow_shared(const void* kernel, std::size_t bytes) {
  constexpr std::size_t without_asking = std::size_t{48} << 10;
  if (bytes <= without_asking) return cudaSuccess;
  return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                              static_cast<int>(bytes));
}

}  // namespace carousel::cuda::detail
