#include "kernels/cuda/cuda.h"
#include "kernels/cuda/missing.h"

namespace carousel::cuda {

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> all = [] {
    auto result = missing_kernels<Real>();
#define CAROUSEL_HAVE(function, Arguments) result.function = function;
    CAROUSEL_CUDA_KERNELS(CAROUSEL_HAVE)
#undef CAROUSEL_HAVE
    return result;
  }();
  return all;
}

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::cuda
