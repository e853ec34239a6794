#include "ops/lstm.h"

#include "autograd/record.h"
#include "ops/device.h"
#include "ops/recurrence.h"

namespace carousel {

template <class Real>
LstmResult<Real> lstm(const Var<Real>& i, const Var<Real>& f, const Var<Real>& z,
                      const Var<Real>& o, const Var<Real>& recurrent, const Var<Real>& bias,
                      const LstmState<Real>& state, const Tensor<std::int32_t>& reset,
                      const RecurrentGradient& gradient) {
  const std::array x{i, f, z, o};
  Recurrence<Real> r("lstm", x, recurrent, bias, state.h, reset, gradient);
  r.check_state("lstm", "c", state.c);

  const auto device = i.device();
  const auto& k = kernels_for("lstm", i, f, z, o, recurrent, bias, state.h, state.c);
  Tensor<Real> c(r.steps(), device), h_last(r.state(), device), c_last(r.state(), device);
  k.lstm_forward({
      .recurrence = r.forward(x, bias, h_last),
      .c0 = state.c.data(),
      .c = c.mutable_data(),
      .c_last = c_last.mutable_data(),
  });

  const auto backward = [&] {
    return [&k, r, c0 = state.c.value, c,  // saved
            dc0 = state.c.grad](           // wanted
               const Tensor<Real>& dh, const Tensor<Real>& dh_last, const Tensor<Real>& dc_last) {
      Tensor<Real> dgates(r.gates.shape(), r.gates.device());
      k.lstm_backward({
          .recurrence = r.backward(dh, dh_last, dgates),
          .dc_last = dc_last.data(),
          .c0 = c0.data(),
          .c = c.data(),
          .dc0 = into(dc0),
      });
    };
  };
  const auto [y, h_after, c_after] =
      record("lstm", std::tuple{r.h, h_last, c_last},
             {i, f, z, o, recurrent, bias, state.h, state.c}, backward);
  return {y, {h_after, c_after}};
}

template LstmResult<float> lstm(const Var<float>&, const Var<float>&, const Var<float>&,
                                const Var<float>&, const Var<float>&, const Var<float>&,
                                const LstmState<float>&, const Tensor<std::int32_t>&,
                                const RecurrentGradient&);
template LstmResult<double> lstm(const Var<double>&, const Var<double>&, const Var<double>&,
                                 const Var<double>&, const Var<double>&, const Var<double>&,
                                 const LstmState<double>&, const Tensor<std::int32_t>&,
                                 const RecurrentGradient&);

}  // namespace carousel
