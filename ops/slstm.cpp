#include "ops/slstm.h"

#include "autograd/record.h"
#include "ops/device.h"
#include "ops/recurrence.h"

namespace carousel {

template <class Real>
SlstmResult<Real> slstm(const Var<Real>& i, const Var<Real>& f, const Var<Real>& z,
                        const Var<Real>& o, const Var<Real>& recurrent, const Var<Real>& bias,
                        const SlstmState<Real>& state, const Tensor<std::int32_t>& reset,
                        const SlstmOptions& options) {
  const std::array x{i, f, z, o};
  Recurrence<Real> r("slstm", x, recurrent, bias, state.h, reset, options.gradient);
  r.check_state("slstm", "c", state.c);
  r.check_state("slstm", "n", state.n);
  r.check_state("slstm", "m", state.m);
  const auto forget_gate = options.forget_gate;

  const auto device = i.device();
  const auto& k =
      kernels_for("slstm", i, f, z, o, recurrent, bias, state.h, state.c, state.n, state.m);
  Tensor<Real> c(r.steps(), device), n(r.steps(), device), m(r.steps(), device);
  Tensor<Real> h_last(r.state(), device), c_last(r.state(), device), n_last(r.state(), device),
      m_last(r.state(), device);
  k.slstm_forward({
      .recurrence = r.forward(x, bias, h_last),
      .c0 = state.c.data(),
      .n0 = state.n.data(),
      .m0 = state.m.data(),
      .c = c.mutable_data(),
      .n = n.mutable_data(),
      .m = m.mutable_data(),
      .c_last = c_last.mutable_data(),
      .n_last = n_last.mutable_data(),
      .m_last = m_last.mutable_data(),
      .forget_gate = forget_gate,
  });

  const auto backward = [&] {
    return [&k, r, c0 = state.c.value, n0 = state.n.value, m0 = state.m.value,  // saved
            c, n, m, forget_gate,                                               // saved
            dc0 = state.c.grad, dn0 = state.n.grad, dm0 = state.m.grad](        // wanted
               const Tensor<Real>& dh, const Tensor<Real>& dh_last, const Tensor<Real>& dc_last,
               const Tensor<Real>& dn_last, const Tensor<Real>& dm_last) {
      Tensor<Real> dgates(r.gates.shape(), r.gates.device());
      k.slstm_backward({
          .recurrence = r.backward(dh, dh_last, dgates),
          .dc_last = dc_last.data(),
          .dn_last = dn_last.data(),
          .dm_last = dm_last.data(),
          .c0 = c0.data(),
          .n0 = n0.data(),
          .m0 = m0.data(),
          .c = c.data(),
          .n = n.data(),
          .m = m.data(),
          .dc0 = into(dc0),
          .dn0 = into(dn0),
          .dm0 = into(dm0),
          .forget_gate = forget_gate,
      });
    };
  };
  const auto [y, h_after, c_after, n_after, m_after] =
      record("slstm", std::tuple{r.h, h_last, c_last, n_last, m_last},
             {i, f, z, o, recurrent, bias, state.h, state.c, state.n, state.m}, backward);
  return {y, {h_after, c_after, n_after, m_after}};
}

template SlstmResult<float> slstm(const Var<float>&, const Var<float>&, const Var<float>&,
                                  const Var<float>&, const Var<float>&, const Var<float>&,
                                  const SlstmState<float>&, const Tensor<std::int32_t>&,
                                  const SlstmOptions&);
template SlstmResult<double> slstm(const Var<double>&, const Var<double>&, const Var<double>&,
                                   const Var<double>&, const Var<double>&, const Var<double>&,
                                   const SlstmState<double>&, const Tensor<std::int32_t>&,
                                   const SlstmOptions&);

}  // namespace carousel
