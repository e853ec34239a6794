// Calls of the CUDA runtime fail in a sentence.
#pragma once

#include <cuda_runtime.h>

#include "core/error.h"

namespace carousel::cuda {

// Throws Error "what: …" unless the call went well.
inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) [[unlikely]]
    fail("{}: {}", what, cudaGetErrorString(error));
}

}  // namespace carousel::cuda
