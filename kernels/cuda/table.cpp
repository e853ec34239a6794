#include "kernels/cuda/cuda.h"

namespace carousel::cuda {

#define CAROUSEL_LINE(function, Arguments) .function = function<Real>,

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> all = {.name = "cuda", CAROUSEL_KERNELS(CAROUSEL_LINE)};
  return all;
}

template <>
const Kernels<bf16>& table() {
  using Real = bf16;
  static const Kernels<Real> all = {.name = "cuda",
                                    CAROUSEL_COMMON_KERNELS(CAROUSEL_LINE)
                                        CAROUSEL_NARROW_KERNELS(CAROUSEL_LINE)};
  return all;
}

#undef CAROUSEL_LINE

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::cuda
