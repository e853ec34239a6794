#include "kernels/cuda/cuda.h"

namespace carousel::cuda {

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> all = {.name = "cuda",
#define CAROUSEL_LINE(function, Arguments) .function = function<Real>,
                                    CAROUSEL_KERNELS(CAROUSEL_LINE)
#undef CAROUSEL_LINE
  };
  return all;
}

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::cuda
