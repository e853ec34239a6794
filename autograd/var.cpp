#include "autograd/var.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"

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
  const Arrival arrival = arrive();
  Real* const to = arrival.to;
  if (arrival.first) {
    parallel_for(sum_.numel(), 65536, [to](std::int64_t begin, std::int64_t end) {
      std::fill(to + begin, to + end, Real{0});
    });
  }
  return to;
}

template <class Real>
Tensor<Real> Gradient<Real>::value() const {
  return arrived_ ? sum_ : Tensor<Real>::zeros(shape_, device_);
}

template class Gradient<float>;
template class Gradient<double>;

}  // namespace carousel
