#include "ops/activation.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Var<Real> activation(Activation f, const Var<Real>& x) {
  CAROUSEL_CHECK(x.defined(), "activation: x is undefined, want a tensor");
  const auto N = x.numel();

  const auto& k = kernels_for("activation", x);
  Tensor<Real> y(x.shape(), x.device());
  k.activation_forward({
      .f = f,
      .x = x.data(),
      .y = y.mutable_data(),
      .N = N,
  });

  const auto backward = [&] {
    return [&k, f, x = x.value, N,                  // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      k.activation_backward({
          .f = f,
          .dy = dy.data(),
          .x = x.data(),
          .dx = into(dx),
          .N = N,
      });
    };
  };
  return record("activation", y, {x}, backward);
}

template <class Real>
Var<Real> soft_cap(const Var<Real>& x, double cap) {
  CAROUSEL_CHECK(x.defined(), "soft_cap: x is undefined, want a tensor");
  CAROUSEL_CHECK(cap > 0, "soft_cap: cap got {}, want > 0", cap);
  const auto N = x.numel();

  const auto& k = kernels_for("soft_cap", x);
  Tensor<Real> y(x.shape(), x.device());
  k.soft_cap_forward({
      .x = x.data(),
      .y = y.mutable_data(),
      .N = N,
      .cap = cap,
  });

  const auto backward = [&] {
    return [&k, x = x.value, N, cap,                // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      k.soft_cap_backward({
          .dy = dy.data(),
          .x = x.data(),
          .dx = into(dx),
          .N = N,
          .cap = cap,
      });
    };
  };
  return record("soft_cap", y, {x}, backward);
}

template <class Real>
Var<Real> gated_activation(Activation f, const Var<Real>& x) {
  CAROUSEL_CHECK(x.rank() >= 1 && x.dim(-1) % 2 == 0,
                 "gated_activation: x has shape {}, want an even last axis", x.shape());
  const auto stride = x.dim(-1), C = stride / 2, N = x.shape().outer(-1);

  const auto& k = kernels_for("gated_activation", x);
  Tensor<Real> y(x.shape().with(-1, C), x.device());
  k.gate_forward({
      .f = f,
      .gate = x.data(),
      .x = x.data() + C,
      .y = y.mutable_data(),
      .N = N,
      .C = C,
      .stride = stride,
  });

  const auto backward = [&] {
    return [&k, f, x = x.value, N, C, stride,       // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      Real* const gradient = into(dx);
      k.gate_backward({
          .f = f,
          .dy = dy.data(),
          .gate = x.data(),
          .x = x.data() + C,
          .dgate = gradient,
          .dx = gradient + C,
          .N = N,
          .C = C,
          .stride = stride,
      });
    };
  };
  return record("gated_activation", y, {x}, backward);
}

template <class Real>
Var<Real> gate(Activation f, const Var<Real>& gate, const Var<Real>& x) {
  CAROUSEL_CHECK(gate.defined() && x.defined() && gate.shape() == x.shape(),
                 "gate: gate has shape {} and x {}, want the same", gate.shape(), x.shape());
  const auto C = x.rank() == 0 ? 1 : x.dim(-1), N = C == 0 ? 0 : x.numel() / C;

  const auto& k = kernels_for("gate", x, gate);
  Tensor<Real> y(x.shape(), x.device());
  k.gate_forward({
      .f = f,
      .gate = gate.data(),
      .x = x.data(),
      .y = y.mutable_data(),
      .N = N,
      .C = C,
      .stride = C,
  });

  const auto backward = [&] {
    return [&k, f, gate = gate.value, x = x.value, N, C,               // saved
            dgate = gate.grad, dx = x.grad](const Tensor<Real>& dy) {  // wanted
      k.gate_backward({
          .f = f,
          .dy = dy.data(),
          .gate = gate.data(),
          .x = x.data(),
          .dgate = into(dgate),
          .dx = into(dx),
          .N = N,
          .C = C,
          .stride = C,
      });
    };
  };
  return record("gate", y, {gate, x}, backward);
}

#define CAROUSEL_INSTANTIATE(Real)                                   \
  template Var<Real> activation(Activation, const Var<Real>&);       \
  template Var<Real> gated_activation(Activation, const Var<Real>&); \
  template Var<Real> gate(Activation, const Var<Real>&, const Var<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

template Var<float> soft_cap(const Var<float>&, double);
template Var<double> soft_cap(const Var<double>&, double);

}  // namespace carousel
