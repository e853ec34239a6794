#include "ops/arithmetic.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

// y = weight ⊙ x + bias, either undefined: what add_bias and channel_scale share.
template <class Real>
Var<Real> channels(const char* name, const char* argument, const Var<Real>& x,
                   const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias) {
  const Var<Wide<Real>>& vector = weight.defined() ? weight : bias;
  CAROUSEL_CHECK(x.rank() >= 1 && vector.defined() && vector.shape() == Shape{x.dim(-1)},
                 "{}: {} has shape {}, want [C] for x of shape {}", name, argument, vector.shape(),
                 x.shape());
  const auto C = x.dim(-1), N = x.shape().outer(-1);

  const auto& k = kernels_for(name, x, weight, bias);
  Tensor<Real> y(x.shape(), x.device());
  k.channels_forward({
      .x = x.data(),
      .weight = weight.data(),
      .bias = bias.data(),
      .y = y.mutable_data(),
      .N = N,
      .C = C,
  });

  const auto backward = [&] {
    return [&k, x = weight.defined() ? x.value : Tensor<Real>(), weight = weight.value, N, C,
            dx = x.grad, dweight = weight.grad,  // wanted
            dbias = bias.grad](const Tensor<Real>& dy) {
      k.channels_backward({
          .dy = dy.data(),
          .x = x.data(),
          .weight = weight.data(),
          .dx = into(dx),
          .dweight = into(dweight),
          .dbias = into(dbias),
          .N = N,
          .C = C,
      });
    };
  };
  return record(name, y, {x, weight, bias}, backward);
}

}  // namespace

template <class Real>
Var<Real> add(const Var<Real>& a, const Var<Real>& b) {
  CAROUSEL_CHECK(a.defined() && b.defined(), "add: an argument is undefined, want two tensors");
  CAROUSEL_CHECK(a.shape() == b.shape(), "add: b has shape {}, want that of a, {}", b.shape(),
                 a.shape());

  const auto& k = kernels_for("add", a, b);
  Tensor<Real> y(a.shape(), a.device());
  k.add({.a = a.data(), .b = b.data(), .y = y.mutable_data(), .N = a.numel()});

  const auto backward = [&] {
    return [&k, da = a.grad, db = b.grad](const Tensor<Real>& dy) {  // wanted
      k.add_scaled({.x = dy.data(), .y = into(da), .N = dy.numel(), .factor = 1});
      k.add_scaled({.x = dy.data(), .y = into(db), .N = dy.numel(), .factor = 1});
    };
  };
  return record("add", y, {a, b}, backward);
}

template <class Real>
Var<Real> multiply(const Var<Real>& a, const Var<Real>& b) {
  CAROUSEL_CHECK(a.defined() && b.defined(),
                 "multiply: an argument is undefined, want two tensors");
  CAROUSEL_CHECK(a.shape() == b.shape(), "multiply: b has shape {}, want that of a, {}", b.shape(),
                 a.shape());

  const auto& k = kernels_for("multiply", a, b);
  auto y = Tensor<Real>::zeros(a.shape(), a.device());
  k.add_product({.a = a.data(), .b = b.data(), .y = y.mutable_data(), .N = a.numel()});

  const auto backward = [&] {
    return [&k, a = a.value, b = b.value,                        // saved
            da = a.grad, db = b.grad](const Tensor<Real>& dy) {  // wanted
      k.add_product({.a = dy.data(), .b = b.data(), .y = into(da), .N = dy.numel()});
      k.add_product({.a = dy.data(), .b = a.data(), .y = into(db), .N = dy.numel()});
    };
  };
  return record("multiply", y, {a, b}, backward);
}

template <class Real>
Var<Real> scale(const Var<Real>& x, double factor) {
  CAROUSEL_CHECK(x.defined(), "scale: x is undefined, want a tensor");

  const auto& k = kernels_for("scale", x);
  auto y = Tensor<Real>::zeros(x.shape(), x.device());
  k.add_scaled({.x = x.data(), .y = y.mutable_data(), .N = x.numel(), .factor = factor});

  const auto backward = [&] {
    return [&k, factor,                             // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      k.add_scaled({.x = dy.data(), .y = into(dx), .N = dy.numel(), .factor = factor});
    };
  };
  return record("scale", y, {x}, backward);
}

template <class Real>
Var<Real> add_bias(const Var<Real>& x, const Var<Wide<Real>>& bias) {
  return channels<Real>("add_bias", "bias", x, {}, bias);
}

template <class Real>
Var<Real> channel_scale(const Var<Real>& x, const Var<Wide<Real>>& weight) {
  return channels<Real>("channel_scale", "weight", x, weight, {});
}

#define CAROUSEL_INSTANTIATE(Real)                                       \
  template Var<Real> add(const Var<Real>&, const Var<Real>&);            \
  template Var<Real> multiply(const Var<Real>&, const Var<Real>&);       \
  template Var<Real> scale(const Var<Real>&, double);                    \
  template Var<Real> add_bias(const Var<Real>&, const Var<Wide<Real>>&); \
  template Var<Real> channel_scale(const Var<Real>&, const Var<Wide<Real>>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
