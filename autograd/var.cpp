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
  if (arrival.first && device_ != Device::cpu) {
    sum_.fill(Real{0});
  } else if (arrival.first) {
    parallel_for(sum_.numel(), 65536, [to](std::int64_t begin, std::int64_t end) {
      std::fill(to + begin, to + end, Real{0});
    });
  }
  return to;
}

template <class Real>
void Gradient<Real>::add(const Tensor<Real>& gradient) {
  if (arrive().first) return sum_.copy_from(gradient);
  Tensor<Real> sum = sum_.to(Device::cpu);  // where it is there, the same memory
  const Tensor<Real> more = gradient.to(Device::cpu);
  std::transform(sum.data(), sum.data() + sum.numel(), more.values().data(), sum.mutable_data(),
                 [](Real x, Real y) { return static_cast<Real>(x + y); });
  if (device_ != Device::cpu) sum_.copy_from(sum);
}

template <class Real>
void Gradient<Real>::move_to(Device device) {
  sum_.move_to(device);
  device_ = device;
}

template <class Real>
Tensor<Real> Gradient<Real>::value() const {
  return arrived_ ? sum_ : Tensor<Real>::zeros(shape_, device_);
}

template class Gradient<float>;
template class Gradient<double>;
template class Gradient<bf16>;

}  // namespace carousel
