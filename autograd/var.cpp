#include "autograd/var.h"

namespace carousel {

template <class Real>
void Gradient<Real>::reserve() {
  if (!sum_.defined()) sum_ = Tensor<Real>(shape_, device_);
}

template <class Real>
Real* Gradient<Real>::accumulate() {
  reserve();
  if (!arrived_) sum_.fill(0);
  arrived_ = true;
  return sum_.mutable_data();
}

template <class Real>
Tensor<Real> Gradient<Real>::value() const {
  return arrived_ ? sum_ : Tensor<Real>::zeros(shape_, device_);
}

template class Gradient<float>;
template class Gradient<double>;

}  // namespace carousel
