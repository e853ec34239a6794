#include "ops/mlstm.h"

#include <cmath>

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

template <class Real>
struct Arguments {
  Tensor<Real> q, k, v;
  Tensor<Wide<Real>> i, f, c0, n0, m0;
  Tensor<std::int32_t> reset;
  MlstmOptions options;

  MlstmInputs<Real> kernel_inputs() const {
    const double scale = 1 / std::sqrt(static_cast<double>(q.dim(3)));
    return {
        .q = q.data(),
        .k = k.data(),
        .v = v.data(),
        .i = i.data(),
        .f = f.data(),
        .c0 = c0.data(),
        .n0 = n0.data(),
        .m0 = m0.data(),
        .reset = reset.data(),
        .B = q.dim(0),
        .S = q.dim(1),
        .NH = q.dim(2),
        .DHqk = q.dim(3),
        .DHv = v.dim(3),
        .chunk_size = options.chunk_size,
        .eps = options.eps,
        .query_scale = options.scale_query ? scale : 1,
        .key_scale = options.scale_query ? 1 : scale,
    };
  }
};

template <class T>
void check_shape(const char* name, const Tensor<T>& x, const Shape& want) {
  CAROUSEL_CHECK(x.defined() && x.shape() == want, "mlstm: {} has shape {}, want {}", name,
                 x.shape(), want);
}

template <class Real>
void check(const Arguments<Real>& a) {
  CAROUSEL_CHECK(a.q.rank() == 4 && a.q.defined(), "mlstm: q has shape {}, want (B, S, NH, DHqk)",
                 a.q.shape());
  const auto B = a.q.dim(0), S = a.q.dim(1), NH = a.q.dim(2), DHqk = a.q.dim(3);
  CAROUSEL_CHECK(S >= 1 && NH >= 1 && DHqk >= 1,
                 "mlstm: q has shape {}, want at least one step, head and channel", a.q.shape());
  check_shape("k", a.k, a.q.shape());
  CAROUSEL_CHECK(a.v.rank() == 4 && a.v.dim(3) >= 1,
                 "mlstm: v has shape {}, want [{}, {}, {}, DHv]", a.v.shape(), B, S, NH);
  const auto DHv = a.v.dim(3);
  check_shape("v", a.v, {B, S, NH, DHv});
  check_shape("i", a.i, {B, S, NH});
  check_shape("f", a.f, {B, S, NH});
  if (a.c0.defined() || a.n0.defined() || a.m0.defined()) {
    CAROUSEL_CHECK(a.c0.defined() && a.n0.defined() && a.m0.defined(),
                   "mlstm: state has only some of c, n, m, want all or none");
    check_shape("state c", a.c0, {B, NH, DHqk, DHv});
    check_shape("state n", a.n0, {B, NH, DHqk});
    check_shape("state m", a.m0, {B, NH});
  }
  if (a.reset.defined()) check_shape("reset", a.reset, {B, S});
  CAROUSEL_CHECK(a.options.chunk_size >= 1, "mlstm: chunk size got {}, want at least 1",
                 a.options.chunk_size);
  CAROUSEL_CHECK(a.options.eps >= 0, "mlstm: eps got {}, want at least 0", a.options.eps);
}

// Whether nobody can tell if the state is overwritten.
template <class Real>
bool may_overwrite(const MlstmState<Real>& state) {
  return state.c.defined() && !state.c.value.shared() && !state.n.value.shared() &&
         !state.c.wanted() && !state.n.wanted() && Tape::current() == nullptr;
}

template <class Real>
struct Form {
  void (*forward)(const MlstmForward<Real>&);
  void (*backward)(const MlstmBackward<Real>&);
};

template <class Real>
Form<Real> kernels_of(MlstmForm form, const Kernels<Real>& k) {
  switch (form) {
    case MlstmForm::recurrent:
      return {k.mlstm_recurrent_forward, k.mlstm_recurrent_backward};
    case MlstmForm::parallel:
      return {k.mlstm_parallel_forward, k.mlstm_parallel_backward};
    case MlstmForm::chunkwise:
      return {k.mlstm_chunkwise_forward, k.mlstm_chunkwise_backward};
  }
  fail("mlstm: form got {}, want recurrent, parallel or chunkwise", static_cast<int>(form));
}

}  // namespace

template <class Real>
MlstmResult<Real> mlstm(const Var<Real>& q, const Var<Real>& k, const Var<Real>& v,
                        const Var<Wide<Real>>& i, const Var<Wide<Real>>& f,
                        MlstmState<Wide<Real>> state, const Tensor<std::int32_t>& reset,
                        const MlstmOptions& options) {
  const bool in_place = may_overwrite(state) && options.form == MlstmForm::recurrent;
  const Arguments<Real> arguments{q.value,       k.value,       v.value,
                                  i.value,       f.value,       state.c.value,
                                  state.n.value, state.m.value, reset.to(q.device()),
                                  options};
  check(arguments);

  const auto in = arguments.kernel_inputs();
  const auto device = q.device();
  const auto& table =
      kernels_for("mlstm", q, k, v, i, f, state.c, state.n, state.m);  // k is the keys'
  const auto form = kernels_of(options.form, table);
  using States = Tensor<Wide<Real>>;
  Tensor<Real> h({in.B, in.S, in.NH, in.DHv}, device);
  States den({in.B, in.S, in.NH}, device), m({in.B, in.NH}, device), chunk_c, chunk_n;
  States c = in_place ? arguments.c0 : States({in.B, in.NH, in.DHqk, in.DHv}, device);
  States n = in_place ? arguments.n0 : States({in.B, in.NH, in.DHqk}, device);
  if (Tape::current() != nullptr && options.form != MlstmForm::parallel) {
    const auto chunks = (in.S - 1) / in.chunk_size;
    chunk_c = States({in.B, in.NH, chunks, in.DHqk, in.DHv}, device);
    chunk_n = States({in.B, in.NH, chunks, in.DHqk}, device);
  }

  form.forward({
      .in = in,
      .h = h.mutable_data(),
      .den = den.mutable_data(),
      .c = c.mutable_data(),
      .n = n.mutable_data(),
      .m = m.mutable_data(),
      .chunk_c = chunk_c.mutable_data(),
      .chunk_n = chunk_n.mutable_data(),
  });

  const auto backward = [&] {
    return [form, arguments, h, den, chunk_c, chunk_n,                        // saved
            dq = q.grad, dk = k.grad, dv = v.grad, di = i.grad, df = f.grad,  // wanted
            dc0 = state.c.grad, dn0 = state.n.grad, dm0 = state.m.grad](
               const Tensor<Real>& dh, const States& dc, const States& dn, const States& dm) {
      form.backward({
          .in = arguments.kernel_inputs(),
          .dh = dh.data(),
          .dc = dc.data(),
          .dn = dn.data(),
          .dm = dm.data(),
          .h = h.data(),
          .den = den.data(),
          .chunk_c = chunk_c.data(),
          .chunk_n = chunk_n.data(),
          .dq = into(dq),
          .dk = into(dk),
          .dv = into(dv),
          .di = into(di),
          .df = into(df),
          .dc0 = into(dc0),
          .dn0 = into(dn0),
          .dm0 = into(dm0),
      });
    };
  };
  const auto [y, c_after, n_after, m_after] =
      record("mlstm", std::tuple{h, c, n, m}, {q, k, v, i, f, state.c, state.n, state.m}, backward);
  return {y, {c_after, n_after, m_after}};
}

#define CAROUSEL_INSTANTIATE(Real)                                                       \
  template MlstmResult<Real> mlstm(const Var<Real>&, const Var<Real>&, const Var<Real>&, \
                                   const Var<Wide<Real>>&, const Var<Wide<Real>>&,       \
                                   MlstmState<Wide<Real>>, const Tensor<std::int32_t>&,  \
                                   const MlstmOptions&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
