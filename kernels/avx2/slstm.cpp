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
  return (s + c) + (lost & (abs(s) <= largest));
}

template <class P>
struct Stabilised {
  P m, input, forget;  // m_t, i', f'
  P from_input;        // where m_t = i, not lf
};

template <class Real, class P = Pack<Real>>
inline Stabilised<P> stabilise(P i, P log_f, P m_before, P n_before) {
  constexpr Real largest = std::numeric_limits<Real>::max();
  const P ahead = sum<P>(m_before, log_f, -i, largest);  // lf − i
  const P from_input = (n_before == P()) | (ahead <= P());
  const P bound = std::sqrt(largest), one = 1;
  const P smaller = min(bound, exp(select(from_input, ahead, -ahead)));
  return {.m = select(from_input, i, m_before + log_f),
          .input = select(from_input, one, smaller),
          .forget = select(from_input, smaller, one),
          .from_input = from_input};
}

template <class P>
inline std::array<P, 4> activate(const std::array<P, 4>& g, ForgetGate forget_gate) {
  const P log_f = forget_gate == ForgetGate::sigmoid ? log_sigmoid(g[1]) : g[1];
  return {g[0], log_f, tanh(g[2]), sigmoid(g[3])};
}

// active, (4·DH): i, log f, tanh z, σ(o).
template <class Real>
void step(const SlstmForward<Real>& a, const Place& p, const Real* zeros, const Real* active) {
  using P = Pack<Real>;
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p), DH = r.DH;
  const Real* const c_before = before(r, a.c, a.c0, zeros, p);
  const Real* const n_before = before(r, a.n, a.n0, zeros, p);
  const Real* const m_before = before(r, a.m, a.m0, zeros, p);
  Real *const cs = a.c + at, *const ns = a.n + at, *const ms = a.m + at, *const hs = r.h + at;
  for_packs<Real>(0, DH, [=](std::int64_t j, auto part) {
    const P i = P::load(active + j, part), log_f = P::load(active + DH + j, part);
    const P z = P::load(active + 2 * DH + j, part), output = P::load(active + 3 * DH + j, part);
    const P n_old = P::load(n_before + j, part);
    const auto s = stabilise<Real>(i, log_f, P::load(m_before + j, part), n_old);
    const P c = fma(s.forget, P::load(c_before + j, part), s.input * z);
    const P n = fma(s.forget, n_old, s.input);
    c.store(cs + j, part);
    n.store(ns + j, part);
    s.m.store(ms + j, part);
    (output * c / n).store(hs + j, part);
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

// The part of a step back that goes through h: dc and dn, (DH), get their shares, and the gradient
// of o is done. In dgates, (4·DH), stands besides, in the places of i, f and z, what the other part
// needs of the gates: (log f)', log f and tanh z.
template <class Real>
void through_output(const SlstmBackward<Real>& a, const Place& p, const Real* dh, Real* dc,
                    Real* dn, Real* dgates) {
  using P = Pack<Real>;
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p), DH = r.DH;
  const Real *const g = r.gates + 4 * at, *const upstream = r.dh + at;
  const Real *const ns = a.n + at, *const hs = r.h + at;
  const bool exponential = a.forget_gate == ForgetGate::exponential;
  for_packs<Real>(0, DH, [=](std::int64_t j, auto part) {
    const P dh_j = P::load(dh + j, part) + P::load(upstream + j, part);
    const P per_n = dh_j / P::load(ns + j, part), h = P::load(hs + j, part);
    const auto output = sigmoids(P::load(g + 3 * DH + j, part));
    fma(per_n, output.at, P::load(dc + j, part)).store(dc + j, part);
    fnma(per_n, h, P::load(dn + j, part)).store(dn + j, part);
    (dh_j * h * output.opposite).store(dgates + 3 * DH + j, part);

    const P f = P::load(g + DH + j, part), one = 1;
    (exponential ? one : sigmoids(f).opposite).store(dgates + j, part);
    (exponential ? f : log_sigmoid(f)).store(dgates + DH + j, part);
    tanh(P::load(g + 2 * DH + j, part)).store(dgates + 2 * DH + j, part);
  });
}

// The other part, through the recurrences of c, n and m.
template <class Real>
void through_states(const SlstmBackward<Real>& a, const Place& p, const Real* zeros, Real* dc,
                    Real* dn, Real* dm, Real* dgates) {
  using P = Pack<Real>;
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p), DH = r.DH;
  const Real* const g = r.gates + 4 * at;
  const Real* const c_before = before(r, a.c, a.c0, zeros, p);
  const Real* const n_before = before(r, a.n, a.n0, zeros, p);
  const Real* const m_before = before(r, a.m, a.m0, zeros, p);
  for_packs<Real>(0, DH, [=](std::int64_t j, auto part) {
    const P one = 1, slope = P::load(dgates + j, part), log_f = P::load(dgates + DH + j, part);
    const P z = P::load(dgates + 2 * DH + j, part);
    const P c_old = P::load(c_before + j, part), n_old = P::load(n_before + j, part);
    const auto s = stabilise<Real>(P::load(g + j, part), log_f, P::load(m_before + j, part), n_old);

    const P dc_j = P::load(dc + j, part), dn_j = P::load(dn + j, part),
            dm_j = P::load(dm + j, part);
    const P dm_input = dm_j & s.from_input, dm_forget = select(s.from_input, P(), dm_j);
    const P dc_before = s.forget * dc_j, dn_before = s.forget * dn_j;
    fma(s.input, fma(z, dc_j, dn_j), dm_input).store(dgates + j, part);
    const P df = fma(c_old, dc_before, fma(n_old, dn_before, dm_forget));
    (df * slope).store(dgates + DH + j, part);
    (s.input * dc_j * fnma(z, z, one)).store(dgates + 2 * DH + j, part);
    dc_before.store(dc + j, part);
    dn_before.store(dn + j, part);
    dm_forget.store(dm + j, part);
  });
  if (c_before == zeros) std::fill_n(dc, DH, Real{0});
  if (n_before == zeros) std::fill_n(dn, DH, Real{0});
}

}  // namespace

template <class Real>
void slstm_forward(const SlstmForward<Real>& a) {
  const auto& r = a.recurrence;
  const std::vector<Real> zeros(static_cast<std::size_t>(r.DH));
  forward_steps(
      r, {a.c, a.n, a.m}, [&](const auto& g) { return activate(g, a.forget_gate); },
      [&](const Place& p, const Real* active) { step(a, p, zeros.data(), active); });
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
  backward_steps(r, {a.c, a.n, a.m}, [&](const Place& p, const Real* dh, Real* dgates) {
    const std::int64_t at = state_row(r, p);
    Real *const dc = d.c.data() + at, *const dn = d.n.data() + at, *const dm = d.m.data() + at;
    through_output(a, p, dh, dc, dn, dgates);
    through_states(a, p, zeros.data(), dc, dn, dm, dgates);
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
