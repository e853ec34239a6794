// The backend for NVIDIA GPUs.
#pragma once

#include "kernels/kernels.h"

namespace carousel::cuda {

#define CAROUSEL_DECLARE(function, Arguments) \
  template <class Real>                       \
  void function(const Arguments<Real>&);
CAROUSEL_KERNELS(CAROUSEL_DECLARE)
CAROUSEL_NARROW_KERNELS(CAROUSEL_DECLARE)
#undef CAROUSEL_DECLARE

// The table of the kernels above. In a build without CUDA every line throws Error.
template <class Real>
const Kernels<Real>& table();
template <>
const Kernels<bf16>& table();

}  // namespace carousel::cuda
