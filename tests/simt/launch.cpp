// What a launch may ask for, and how the calls that run a kernel see it.
#include <map>

#include "tests/simt/executor.h"

namespace simt {
namespace {

constexpr std::size_t kShared = 48u << 10;        // of a block, without asking
constexpr std::size_t kSharedOptIn = 227u << 10;  // at most
constexpr std::size_t kSharedPerSM = 228u << 10;
constexpr int kThreadsPerSM = 2048, kBlocksPerSM = 32;
constexpr int kMultiprocessors = 4;  // few: the blocks of a cooperative launch all have stacks

std::map<const void*, std::size_t>& opted_in() {
  static std::map<const void*, std::size_t> bytes;
  return bytes;
}

int resident_blocks(std::size_t threads, std::size_t bytes) {
  const auto by_threads = kThreadsPerSM / static_cast<int>((threads + 31) / 32 * 32);
  const auto by_memory = static_cast<int>(kSharedPerSM / (bytes + 1024));
  return std::min({by_threads, by_memory, kBlocksPerSM});
}

std::uint64_t count(const dim3& d) { return std::uint64_t{d.x} * d.y * d.z; }

}  // namespace

Launch read(const cudaLaunchConfig_t& config, const void* kernel) {
  Launch launch{kernel, config.gridDim, config.blockDim, 1, config.dynamicSmemBytes, false, {}};
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = config.attrs[i];
    if (attribute.id == cudaLaunchAttributeCooperative)
      launch.cooperative = attribute.val.cooperative != 0;
    if (attribute.id == cudaLaunchAttributeClusterDimension) {
      const auto& size = attribute.val.clusterDim;
      launch.cluster = {size.x, size.y, size.z};
    }
  }
  return launch;
}

cudaError_t check(const Launch& launch) {
  const dim3 &grid = launch.grid, &block = launch.block, &cluster = launch.cluster;
  if (count(grid) == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
    return cudaErrorInvalidConfiguration;
  if (count(block) == 0 || count(block) > 1024 || block.z > 64)
    return cudaErrorInvalidConfiguration;
  const auto asked = opted_in().find(launch.kernel);
  if (launch.shared_bytes > (asked == opted_in().end() ? kShared : asked->second))
    return cudaErrorInvalidValue;
  if (count(cluster) == 0 || count(cluster) > 8 || grid.x % cluster.x != 0 ||
      grid.y % cluster.y != 0 || grid.z % cluster.z != 0)
    return cudaErrorInvalidClusterSize;
  const int resident = resident_blocks(count(block), launch.shared_bytes);
  if (launch.cooperative && count(grid) > static_cast<unsigned>(resident * kMultiprocessors))
    return cudaErrorCooperativeLaunchTooLarge;
  return cudaSuccess;
}

}  // namespace simt

using namespace simt;

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
  if (value < 0 || static_cast<std::size_t>(value) > kSharedOptIn)
    return remember(cudaErrorInvalidValue);
  opted_in()[kernel] = std::max(kShared, static_cast<std::size_t>(value));
  return cudaSuccess;
}

cudaError_t cudaFuncGetName(const char** name, const void* kernel) {
  static std::map<const void*, std::string> names;
  const auto [at, is_new] = names.try_emplace(kernel);
  if (is_new) at->second = kernel_name(kernel, false);
  *name = at->second.c_str();
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int threads,
                                                          std::size_t bytes) {
  if (threads <= 0) return remember(cudaErrorInvalidValue);
  *blocks = resident_blocks(static_cast<std::size_t>(threads), bytes);
  return cudaSuccess;
}

// One always runs here, however few the multiprocessors.
cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void* kernel,
                                           const cudaLaunchConfig_t* config) {
  const Launch launch = read(*config, kernel);
  if (const cudaError_t error = check(launch); error != cudaSuccess) return remember(error);
  const int blocks = resident_blocks(count(launch.block), launch.shared_bytes) * kMultiprocessors;
  *clusters = std::max(1, blocks / static_cast<int>(count(launch.cluster)));
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device != 0) return remember(cudaErrorInvalidDevice);
  *properties = {"SIMT executor",
                 std::size_t{8} << 30,
                 kShared,
                 kSharedOptIn,
                 kSharedPerSM,
                 warpSize,
                 1024,
                 kThreadsPerSM,
                 kMultiprocessors,
                 9,
                 0,
                 1,
                 1,
                 50 << 20,
                 5120,
                 {1024, 1024, 64},
                 {0x7fffffff, 65535, 65535}};
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device != 0) return remember(cudaErrorInvalidDevice);
  static const std::map<cudaDeviceAttr, int> values = {
      {cudaDevAttrMaxThreadsPerBlock, 1024},
      {cudaDevAttrMaxSharedMemoryPerBlock, kShared},
      {cudaDevAttrWarpSize, warpSize},
      {cudaDevAttrMultiProcessorCount, kMultiprocessors},
      {cudaDevAttrMaxThreadsPerMultiProcessor, kThreadsPerSM},
      {cudaDevAttrL2CacheSize, 50 << 20},
      {cudaDevAttrComputeCapabilityMajor, 9},
      {cudaDevAttrComputeCapabilityMinor, 0},
      {cudaDevAttrMaxSharedMemoryPerMultiprocessor, kSharedPerSM},
      {cudaDevAttrCooperativeLaunch, 1},
      {cudaDevAttrMaxSharedMemoryPerBlockOptin, kSharedOptIn},
      {cudaDevAttrMemoryPoolsSupported, 1},
      {cudaDevAttrClusterLaunch, 1},
  };
  const auto found = values.find(attribute);
  if (found == values.end()) return remember(cudaErrorInvalidValue);
  *value = found->second;
  return cudaSuccess;
}
