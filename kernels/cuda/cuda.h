// The backend for NVIDIA GPUs.
#pragma once

#include "kernels/cuda/list.h"
#include "kernels/kernels.h"

namespace carousel::cuda {

#define CAROUSEL_DECLARE(function, Arguments) \
  template <class Real>                       \
  void function(const Arguments<Real>&);
CAROUSEL_CUDA_KERNELS(CAROUSEL_DECLARE)
#undef CAROUSEL_DECLARE

// The table of the kernels above; a line without a kernel throws Error, naming it: the host's
// kernels cannot read the device's memory. In a build without CUDA every line throws.
template <class Real>
const Kernels<Real>& table();

}  // namespace carousel::cuda
