// The recurrent form forward: per step one pass over the state, which is read once and written
// once while h is summed. The equations are those of kernels/reference/mlstm_recurrent.cpp.

#include "core/parallel.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/mlstm_chunk.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

// decay x + input, the factor in two parts, kept 0 or 1 and a small rest: rounded as one to single
// precision, 0.998 is wrong the same way at every step, which would cost digits.
template <class Real>
struct Decay {
  Pack<Real> kept, rest;

  explicit Decay(double decay)
      : kept(decay < 0.5 ? Real{0} : Real{1}),
        rest(static_cast<Real>(decay < 0.5 ? decay : decay - 1)) {}
  Pack<Real> operator()(Pack<Real> x, Pack<Real> input) const {
    return fma(kept, x, fma(rest, x, input));
  }
};

// One step of one head.
template <class Real>
struct Step {
  std::int64_t DHqk, DHv;
  const Real *q, *k, *v;
  Real key_scale, query_scale;  // the first times input
  Decay<Real> decay;
  bool fresh;
  MlstmState<const Real> before;  // may be after; not read when fresh
  MlstmState<Real> after;
  Real* h;
};

// C, n and C q in h. Returns n·q.
template <class Real>
Real forward_step(const Step<Real>& s) {
  using P = Pack<Real>;
  const P key_scale = s.key_scale, query_scale = s.query_scale;
  P den;
  for_packs<Real>(0, s.DHqk, [&](std::int64_t j, auto part) {
    P n = key_scale * P::load(s.k + j, part);
    if (!s.fresh) n = s.decay(P::load(s.before.n + j, part), n);
    n.store(s.after.n + j, part);
    den = fma(query_scale * P::load(s.q + j, part), n, den);
  });
  std::fill_n(s.h, s.DHv, Real{0});
  // Row after row: a state beyond the caches comes twice as fast in one stream as in two.
  for (std::int64_t j = 0; j < s.DHqk; ++j) {
    const P key = s.key_scale * s.k[j], query = s.query_scale * s.q[j];
    for_packs<Real>(0, s.DHv, [&](std::int64_t e, auto part) {
      const std::int64_t at = j * s.DHv + e;
      P c = key * P::load(s.v + e, part);
      if (!s.fresh) c = s.decay(P::load(s.before.c + at, part), c);
      c.store(s.after.c + at, part);
      fma(query, c, P::load(s.h + e, part)).store(s.h + e, part);
    });
  }
  return sum(den);
}

template <class Real>
void forward_task(const MlstmForward<Real>& a, std::int64_t task) {
  const auto& in = a.in;
  const MlstmStates<Real> states(a, task);
  MlstmState<const Real> before = states.initial();
  double m = reference::mlstm_initial_m(in, task);
  for (std::int64_t t = 0; t < in.S; ++t) {
    const MlstmStep step = reference::mlstm_step(in, task, t, m);
    const std::int64_t row = mlstm_row(in, task, t);
    const MlstmState<Real> after = states.before(t + 1);
    const Real den = forward_step<Real>({
        .DHqk = in.DHqk,
        .DHv = in.DHv,
        .q = in.q + row * in.DHqk,
        .k = in.k + row * in.DHqk,
        .v = in.v + row * in.DHv,
        .key_scale = static_cast<Real>(step.input * in.key_scale),
        .query_scale = static_cast<Real>(in.query_scale),
        .decay = Decay<Real>(step.decay),
        .fresh = step.decay == 0,
        .before = before,
        .after = after,
        .h = a.h + row * in.DHv,
    });
    reference::mlstm_normalise(a, row, den, step.m);
    before = {after.c, after.n};
    m = step.m;
  }
  a.m[task] = static_cast<Real>(m);
}

}  // namespace

template <class Real>
void mlstm_recurrent_forward(const MlstmForward<Real>& a) {
  const std::int64_t cost = 4 * a.in.S * a.in.DHqk * a.in.DHv;
  parallel_for(a.in.B * a.in.NH, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) forward_task(a, task);
  });
}

template void mlstm_recurrent_forward(const MlstmForward<float>&);
template void mlstm_recurrent_forward(const MlstmForward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
