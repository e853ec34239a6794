// Launches.
#pragma once

#include <simt/executor.h>
#include <simt/runtime.h>

enum cudaLaunchAttributeID {
  cudaLaunchAttributeIgnore = 0,
  cudaLaunchAttributeCooperative = 2,
  cudaLaunchAttributeClusterDimension = 4,
};
union cudaLaunchAttributeValue {
  int cooperative;
  struct {
    unsigned x, y, z;
  } clusterDim;
};
struct cudaLaunchAttribute {
  cudaLaunchAttributeID id;
  cudaLaunchAttributeValue val;
};
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
  cudaLaunchAttribute* attrs = nullptr;
  unsigned numAttrs = 0;
};
enum cudaFuncAttribute {
  cudaFuncAttributeMaxDynamicSharedMemorySize = 8,
  cudaFuncAttributePreferredSharedMemoryCarveout = 9,
  cudaFuncAttributeNonPortableClusterSizeAllowed = 14,
};
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value);
cudaError_t cudaFuncGetName(const char** name, const void* kernel);
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel,
                                                          int threads, std::size_t shared_bytes);
cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void* kernel,
                                           const cudaLaunchConfig_t* config);

namespace simt {

// A launch: `run` calls the kernel with its arguments, once for each thread.
struct Launch {
  const void* kernel;
  dim3 grid, block, cluster;
  std::size_t shared_bytes;
  bool cooperative;
  void (*run)(const void* kernel, const void* arguments);
};
Launch read(const cudaLaunchConfig_t& config, const void* kernel);
cudaError_t check(const Launch& launch);
cudaError_t execute(const Launch& launch, const void* arguments);
std::string kernel_name(const void* kernel, bool demangled);

}  // namespace simt

template <class... Parameters>
cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute attribute,
                                 int value) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}

template <class... Parameters>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks,
                                                          void (*kernel)(Parameters...),
                                                          int threads, std::size_t shared_bytes) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(
      blocks, reinterpret_cast<const void*>(kernel), threads, shared_bytes);
}

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... given) {
  using Values = std::tuple<std::remove_const_t<Parameters>...>;
  static_assert(sizeof(Values) <= 4096, "a kernel takes at most 4 KiB of arguments");
  simt::Launch launch = simt::read(*config, reinterpret_cast<const void*>(kernel));
  launch.run = [](const void* function, const void* values) {
    std::apply(reinterpret_cast<void (*)(Parameters...)>(const_cast<void*>(function)),
               *static_cast<const Values*>(values));
  };
  if (const cudaError_t error = simt::check(launch); error != cudaSuccess)
    return simt::remember(error);
  return simt::in_order(config->stream,
                        [launch, values = Values(std::forward<Arguments>(given)...)] {
                          return simt::execute(launch, &values);
                        });
}
