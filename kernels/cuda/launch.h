// launch(kernel, grid, block, shared_bytes, arguments…): runs a kernel in the one stream.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

#include "core/cuda/stream.h"

namespace carousel::cuda {

// How the blocks of a launch belong together.
struct Together {
  bool grid = false;     // all blocks run at once and may wait for each other: this_grid().sync()
  unsigned cluster = 1;  // so many neighbours along x share their memory: this_cluster()
};

namespace detail {

// Throws Error, naming the kernel and the launch, unless the call went well.
void check_launch(cudaError_t error, const void* kernel, const cudaLaunchConfig_t& config);

// Allows a kernel so much shared memory, where that has to be asked for.
cudaError_t allow_shared(const void* kernel, std::size_t bytes);

}  // namespace detail

// The arguments become those of the kernel by the usual conversions. Throws Error when the launch
// fails; what goes wrong later, on the device, is found by the next call that waits for it.
template <class... Parameters, class... Arguments>
void launch(Together together, void (*kernel)(Parameters...), dim3 grid, dim3 block,
            std::size_t shared_bytes, Arguments&&... arguments) {
  const auto* address = reinterpret_cast<const void*>(kernel);
  cudaLaunchAttribute attributes[2];
  attributes[0].id = cudaLaunchAttributeCooperative;
  attributes[0].val.cooperative = together.grid ? 1 : 0;
  attributes[1].id = cudaLaunchAttributeClusterDimension;
  attributes[1].val.clusterDim = {together.cluster, 1, 1};
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream();
  config.attrs = attributes;
  config.numAttrs = together.cluster > 1 ? 2 : 1;
  detail::check_launch(detail::allow_shared(address, shared_bytes), address, config);
  detail::check_launch(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...),
                       address, config);
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes,
            Arguments&&... arguments) {
  launch(Together{}, kernel, grid, block, shared_bytes, std::forward<Arguments>(arguments)...);
}

}  // namespace carousel::cuda
