// A build without CUDA.
#include "core/cuda/memory.h"
#include "core/error.h"
#include "kernels/cuda/cuda.h"

namespace carousel::cuda {

#define CAROUSEL_LINE(function, Arguments) \
  .function = [](const Arguments<Real>&) { fail("device cuda: {}", missing()); },

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> none = {.name = "cuda", CAROUSEL_KERNELS(CAROUSEL_LINE)};
  return none;
}

template <>
const Kernels<bf16>& table() {
  using Real = bf16;
  static const Kernels<Real> none = {.name = "cuda",
                                     CAROUSEL_COMMON_KERNELS(CAROUSEL_LINE)
                                         CAROUSEL_NARROW_KERNELS(CAROUSEL_LINE)};
  return none;
}

#undef CAROUSEL_LINE

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::cuda
