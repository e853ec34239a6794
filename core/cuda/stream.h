// The one stream in which the device does everything, in the order in which it was asked to.
#pragma once

#include <cuda_runtime.h>

namespace carousel::cuda {

// Made on first use; it does not wait for the default stream. Throws Error when it cannot be made.
cudaStream_t stream();

}  // namespace carousel::cuda
