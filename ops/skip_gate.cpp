#include "ops/skip_gate.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

template <class Real>
Var<Real> skip_gate(Activation f, const Var<Real>& gate, const Var<Real>& x, const Var<Real>& skip,
                    const Var<Wide<Real>>& weight) {
  CAROUSEL_CHECK(x.rank() >= 1, "skip_gate: x has shape {}, want at least one axis", x.shape());
  CAROUSEL_CHECK(gate.shape() == x.shape() && skip.shape() == x.shape(),
                 "skip_gate: gate has shape {}, x {} and skip {}, want the same", gate.shape(),
                 x.shape(), skip.shape());
  const auto C = x.dim(-1), N = x.shape().outer(-1);
  CAROUSEL_CHECK(weight.defined() && weight.shape() == Shape{C},
                 "skip_gate: weight has shape {}, want [{}]", weight.shape(), C);

  const auto& k = kernels_for("skip_gate", x, gate, skip, weight);
  Tensor<Real> y(x.shape(), x.device());
  k.skip_gate_forward({
      .f = f,
      .gate = gate.data(),
      .x = x.data(),
      .skip = skip.data(),
      .weight = weight.data(),
      .y = y.mutable_data(),
      .N = N,
      .C = C,
  });

  const auto backward = [&] {
    return [&k, f, gate = gate.value, x = x.value, skip = skip.value,  // saved
            weight = weight.value, N, C,                               // saved
            dgate = gate.grad, dx = x.grad, dskip = skip.grad,         // wanted
            dweight = weight.grad](const Tensor<Real>& dy) {
      k.skip_gate_backward({
          .f = f,
          .dy = dy.data(),
          .gate = gate.data(),
          .x = x.data(),
          .skip = skip.data(),
          .weight = weight.data(),
          .dgate = into(dgate),
          .dx = into(dx),
          .dskip = into(dskip),
          .dweight = into(dweight),
          .N = N,
          .C = C,
      });
    };
  };
  return record("skip_gate", y, {gate, x, skip, weight}, backward);
}

template Var<float> skip_gate(Activation, const Var<float>&, const Var<float>&, const Var<float>&,
                              const Var<float>&);
template Var<double> skip_gate(Activation, const Var<double>&, const Var<double>&,
                               const Var<double>&, const Var<double>&);
template Var<bf16> skip_gate(Activation, const Var<bf16>&, const Var<bf16>&, const Var<bf16>&,
                             const Var<float>&);

}  // namespace carousel
