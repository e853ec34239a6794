// A build without CUDA.
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/missing.h"

namespace carousel::cuda {

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> none = missing_kernels<Real>();
  return none;
}

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::cuda
