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

  auto backward = [&k, r, c0 = state.c.value, n0 = state.n.value, m0 = state.m.value,  // saved
                   c, n, m, forget_gate,                                               // saved
                   dc0 = state.c.grad, dn0 = state.n.grad, dm0 = state.m.grad](        // wanted
                      const std::vector<Tensor<Real>>& d) {
    Tensor<Real> dgates(r.gates.shape(), r.gates.device());
    k.slstm_backward({
        .recurrence = r.backward(d[0], d[1], dgates),
        .dc_last = d[2].data(),
        .dn_last = d[3].data(),
        .dm_last = d[4].data(),
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
  const auto results =
      record("slstm", std::vector{r.h, h_last, c_last, n_last, m_last},
             {i, f, z, o, recurrent, bias, state.h, state.c, state.n, state.m}, backward);
  return {results[0], {results[1], results[2], results[3], results[4]}};
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
