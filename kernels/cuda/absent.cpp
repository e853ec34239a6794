// A build without CUDA.
#include "core/cuda/memory.h"
#include "core/error.h"
#include "kernels/cuda/cuda.h"

namespace carousel::cuda {

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> none = {.name = "cuda",
#define CAROUSEL_LINE(function, Arguments) \
  .function = [](const Arguments<Real>&) { fail("device cuda: {}", missing()); },
                                     CAROUSEL_KERNELS(CAROUSEL_LINE)
#undef CAROUSEL_LINE
  };
  return none;
}

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::cuda
