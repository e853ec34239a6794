#include "ops/convert.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Tensor<Real> narrow(const Tensor<Wide<Real>>& x) {
  if constexpr (!is_narrow<Real>) {
    return x;
  } else {
    CAROUSEL_CHECK(x.defined(), "narrow: x is undefined, want a tensor");
    Tensor<Real> y(x.shape(), x.device());
    kernels<Real>(x.device())
        .narrow({.x = x.data(), .y = y.mutable_data(), .N = x.numel(), .accumulate = false});
    return y;
  }
}

template <class Real>
Var<Real> narrow(const Var<Wide<Real>>& x) {
  if constexpr (!is_narrow<Real>) {
    return x;
  } else {
    const Tensor<Real> y = narrow<Real>(x.value);

    const auto& k = kernels<Real>(x.device());
    const auto backward = [&] {
      return [&k, dx = x.grad](const Tensor<Real>& dy) {  // wanted
        const auto [to, first] = dx->arrive();
        k.widen({.x = dy.data(), .y = to, .N = dy.numel(), .accumulate = !first});
      };
    };
    return record("narrow", y, {x}, backward);
  }
}

template <class Real>
Var<Wide<Real>> widen(const Var<Real>& x) {
  if constexpr (!is_narrow<Real>) {
    return x;
  } else {
    CAROUSEL_CHECK(x.defined(), "widen: x is undefined, want a tensor");

    const auto& k = kernels_for("widen", x);
    Tensor<Wide<Real>> y(x.shape(), x.device());
    k.widen({.x = x.data(), .y = y.mutable_data(), .N = x.numel(), .accumulate = false});

    const auto backward = [&] {
      return [&k, dx = x.grad](const Tensor<Wide<Real>>& dy) {  // wanted
        const auto [to, first] = dx->arrive();
        k.narrow({.x = dy.data(), .y = to, .N = dy.numel(), .accumulate = !first});
      };
    };
    return record("widen", y, {x}, backward);
  }
}

#define CAROUSEL_INSTANTIATE(Real)                         \
  template Tensor<Real> narrow(const Tensor<Wide<Real>>&); \
  template Var<Real> narrow(const Var<Wide<Real>>&);       \
  template Var<Wide<Real>> widen(const Var<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
