#include "autograd/var.h"

#include <utility>

namespace carousel {

template <class Real>
void Gradient<Real>::reserve() {
  if (!sum_.defined()) sum_ = Tensor<Real>(shape_, device_);
}

template <class Real>
typename Gradient<Real>::Arrival Gradient<Real>::arrive() {
  reserve();
  return {sum_.mutable_data(), !std::exchange(arrived_, true)};
}

template <class Real>
Real* Gradient<Real>::accumulate() {
  const auto [to, first] = arrive();
  if (first) sum_.fill(0);
  return to;
}

template <class Real>
Tensor<Real> Gradient<Real>::value() const {
  return arrived_ ? sum_ : Tensor<Real>::zeros(shape_, device_);
}

template class Gradient<float>;
template class Gradient<double>;

}  // namespace carousel
