// The equations are those of the reference, reference/slstm.cpp, a pack of units at a time.

#include "kernels/slstm.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/math.h"
#include "kernels/avx2/recurrence.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

// a + b + c, with the digits that a + b loses made good (Knuth's TwoSum).
template <class P>
inline P sum(P a, P b, P c, P largest) {
  const P s = a + b, rounded_b = s - a;
  const P lost = (a - (s - rounded_b)) + (b - rounded_b);
  return (s + c) + select(abs(s) <= largest, lost, P());
}

template <class Real>
struct Stabilised {
  Pack<Real> m, input, forget;  // m_t, i', f'
  Pack<Real> from_input;        // where m_t = i, not lf
};

template <class Real>
inline Stabilised<Real> stabilise(Pack<Real> i, Pack<Real> log_f, Pack<Real> m_before,
                                  Pack<Real> n_before) {
  using P = Pack<Real>;
  constexpr Real largest = std::numeric_limits<Real>::max();
  const P one = 1, fresh = n_before == P();
  const P ahead = sum<P>(m_before, log_f, -i, largest);  // lf − i
  const P from_input = select(fresh, fresh, ahead <= P());
  const P bound = std::sqrt(largest);
  const P smaller = min(bound, exp(select(from_input, ahead, -ahead)));
  return {.m = select(from_input, i, m_before + log_f),
          .input = select(from_input, one, smaller),
          .forget = select(from_input, smaller, one),
          .from_input = from_input};
}

template <class P>
inline P log_forget(P f, ForgetGate gate) {
  return gate == ForgetGate::sigmoid ? log_sigmoid(f) : f;
}

template <class P>
inline P log_forget_slope(P f, ForgetGate gate) {
  return gate == ForgetGate::sigmoid ? sigmoid(-f) : P(1);
}

template <class Real>
void step(const SlstmForward<Real>& a, const Place& p, const Real* zeros,
          const Gates<Real>& gates) {
  using P = Pack<Real>;
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p);
  const Real* const c_before = before(r, a.c, a.c0, zeros, p);
  const Real* const n_before = before(r, a.n, a.n0, zeros, p);
  const Real* const m_before = before(r, a.m, a.m0, zeros, p);
  for_packs<Real>(0, r.DH, [&](std::int64_t j, auto part) {
    const auto [i, f, z, o] = gates(j, part);
    const P n_old = P::load(n_before + j, part);
    const auto s = stabilise(i, log_forget(f, a.forget_gate), P::load(m_before + j, part), n_old);
    const P c = fma(s.forget, P::load(c_before + j, part), s.input * tanh(z));
    const P n = fma(s.forget, n_old, s.input);
    c.store(a.c + at + j, part);
    n.store(a.n + at + j, part);
    s.m.store(a.m + at + j, part);
    (sigmoid(o) * c / n).store(r.h + at + j, part);
  });
}

// The gradients of c, n and m, (B, NH, DH) each, on their way back through time.
template <class Real>
struct StateGradient {
  std::vector<Real> c, n, m;
};

template <class Real>
StateGradient<Real> final_gradient(const SlstmBackward<Real>& a) {
  const auto& r = a.recurrence;
  const std::int64_t width = r.NH * r.DH, size = r.B * width;
  StateGradient<Real> d{
      {a.dc_last, a.dc_last + size}, {a.dn_last, a.dn_last + size}, {a.dm_last, a.dm_last + size}};
  for (std::int64_t b = 0; b < r.B; ++b) {
    const std::int64_t last = ((b + 1) * r.S - 1) * width;
    for (std::int64_t j = 0; j < width; ++j) {
      const auto u = static_cast<std::size_t>(b * width + j);
      d.m[u] -= a.c[last + j] * d.c[u] + a.n[last + j] * d.n[u];
    }
  }
  return d;
}

template <class Real>
void step_back(const SlstmBackward<Real>& a, const Place& p, const Real* zeros, const Real* dh,
               StateGradient<Real>& d, const GateGradient<Real>& gate_gradient) {
  using P = Pack<Real>;
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p), state = state_row(r, p);
  const Real* const g = r.gates + 4 * at;
  const Real* const c_before = before(r, a.c, a.c0, zeros, p);
  const Real* const n_before = before(r, a.n, a.n0, zeros, p);
  const Real* const m_before = before(r, a.m, a.m0, zeros, p);
  Real *const d_c = d.c.data() + state, *const d_n = d.n.data() + state,
              *const d_m = d.m.data() + state;
  const P one = 1;
  for_packs<Real>(0, r.DH, [&](std::int64_t j, auto part) {
    const P i = P::load(g + j, part), f = P::load(g + r.DH + j, part);
    const P z = tanh(P::load(g + 2 * r.DH + j, part)), o = P::load(g + 3 * r.DH + j, part);
    const P c_old = P::load(c_before + j, part), n_old = P::load(n_before + j, part);
    const auto s = stabilise(i, log_forget(f, a.forget_gate), P::load(m_before + j, part), n_old);

    const P dh_j = P::load(dh + j, part) + P::load(r.dh + at + j, part);
    const P per_n = dh_j / P::load(a.n + at + j, part), h = P::load(r.h + at + j, part);
    const P dc = fma(per_n, sigmoid(o), P::load(d_c + j, part));
    const P dn = fnma(per_n, h, P::load(d_n + j, part));
    const P dm = P::load(d_m + j, part);
    const P dm_input = select(s.from_input, dm, P()), dm_forget = select(s.from_input, P(), dm);
    gate_gradient(
        j, part,
        {fma(s.input, fma(z, dc, dn), dm_input),
         fma(s.forget, fma(c_old, dc, n_old * dn), dm_forget) * log_forget_slope(f, a.forget_gate),
         s.input * dc * fnma(z, z, one), dh_j * h * sigmoid(-o)});
    (s.forget * dc).store(d_c + j, part);
    (s.forget * dn).store(d_n + j, part);
    dm_forget.store(d_m + j, part);
  });
  if (c_before == zeros) std::fill_n(d_c, r.DH, Real{0});
  if (n_before == zeros) std::fill_n(d_n, r.DH, Real{0});
}

}  // namespace

template <class Real>
void slstm_forward(const SlstmForward<Real>& a) {
  const auto& r = a.recurrence;
  const std::vector<Real> zeros(static_cast<std::size_t>(r.DH));
  forward_steps(r,
                [&](const Place& p, const Gates<Real>& gates) { step(a, p, zeros.data(), gates); });
  copy_last(r, r.h, r.h_last);
  copy_last(r, a.c, a.c_last);
  copy_last(r, a.n, a.n_last);
  copy_last(r, a.m, a.m_last);
}

template <class Real>
void slstm_backward(const SlstmBackward<Real>& a) {
  const auto& r = a.recurrence;
  const std::vector<Real> zeros(static_cast<std::size_t>(r.DH));
  StateGradient<Real> d = final_gradient(a);
  backward_steps(r, [&](const Place& p, const Real* dh, const GateGradient<Real>& gate_gradient) {
    step_back(a, p, zeros.data(), dh, d, gate_gradient);
  });
  if (a.dm0 != nullptr) {
    for (std::size_t u = 0; u < d.m.size(); ++u) {
      const Real c0 = a.c0 == nullptr ? 0 : a.c0[u], n0 = a.n0 == nullptr ? 0 : a.n0[u];
      d.m[u] += c0 * d.c[u] + n0 * d.n[u];
    }
  }
  add_state_gradient(d.c, a.dc0);
  add_state_gradient(d.n, a.dn0);
  add_state_gradient(d.m, a.dm0);
}

template void slstm_forward(const SlstmForward<float>&);
template void slstm_forward(const SlstmForward<double>&);
template void slstm_backward(const SlstmBackward<float>&);
template void slstm_backward(const SlstmBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
