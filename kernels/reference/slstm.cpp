// Per unit, from the gates i, f, z, o that recurrence.cpp computes:
//
//   lf = m_{t−1} + log f            log f = log σ(f), or f itself for the exponential forget gate
//   m_t = i                         where n_{t−1} = 0: a fresh unit, with nothing to forget
//       = max(i, lf)                elsewhere
//   i' = e^(i − m_t)        f' = e^(lf − m_t)
//   c_t = f' c_{t−1} + i' tanh z        n_t = f' n_{t−1} + i'        h_t = σ(o) c_t / n_t
//
// Backward. In the unstabilised variables C = c e^m and N = n e^m the recurrence reads
// C_t = e^(log f) C_{t−1} + e^i tanh z, likewise N, and h = σ(o) C / N: no m anywhere. So
// everything that flows through h, C and N comes out right with m held constant:
//
//   dc += dh σ(o) / n        dn −= dh h / n        do = dh h (1 − σ(o))
//   di = i' (tanh z · dc + dn)        df = f' (c_{t−1} dc + n_{t−1} dn) (log f)'
//   dz = i' dc (1 − tanh² z)        dc_{t−1} = f' dc        dn_{t−1} = f' dn
//
// Only the final states, c_T = C_T e^(−m_T) and so on, see m_T itself. Its gradient is
//
//   dm = dm_T − c_T dc_T − n_T dn_T
//
// and follows the maximum back: where m_t = i it ends in di, elsewhere it adds dm (log f)' to df
// and goes on to m_{t−1}. The initial m_0 also scales C_0 and N_0: dm_0 = dm + c_0 dc_0 + n_0 dn_0.

#include "kernels/slstm.h"

#include <cmath>

#include "kernels/reference/recurrence.h"
#include "kernels/reference/reference.h"
#include "kernels/reference/slstm_gates.h"

namespace carousel::reference {

namespace {

template <class Real>
Real value_or_zero(const Real* values, std::int64_t i) {
  return values == nullptr ? Real{0} : values[i];
}

template <class Real>
void step(const SlstmForward<Real>& a, const Place& p) {
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p);
  const Real* const g = r.gates + 4 * at;
  const Real* const c_before = before(r, a.c, a.c0, p);
  const Real* const n_before = before(r, a.n, a.n0, p);
  const Real* const m_before = before(r, a.m, a.m0, p);
  for (std::int64_t j = 0; j < r.DH; ++j) {
    const Real i = g[j], f = g[r.DH + j], z = g[2 * r.DH + j], o = g[3 * r.DH + j];
    const Real n_old = value_or_zero(n_before, j);
    const auto s =
        stabilise(i, log_forget(f, a.forget_gate), value_or_zero(m_before, j), n_old == 0);
    const Real c = s.forget * value_or_zero(c_before, j) + s.input * std::tanh(z);
    const Real n = s.forget * n_old + s.input;
    a.c[at + j] = c;
    a.n[at + j] = n;
    a.m[at + j] = s.m;
    r.h[at + j] = sigmoid(o) * c / n;
  }
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
void step_back(const SlstmBackward<Real>& a, const Place& p, const Real* dh,
               StateGradient<Real>& d) {
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p);
  const Real* const g = r.gates + 4 * at;
  Real* const dg = r.dgates + 4 * at;
  const Real* const c_before = before(r, a.c, a.c0, p);
  const Real* const n_before = before(r, a.n, a.n0, p);
  const Real* const m_before = before(r, a.m, a.m0, p);
  for (std::int64_t j = 0; j < r.DH; ++j) {
    const Real i = g[j], f = g[r.DH + j], z = std::tanh(g[2 * r.DH + j]), o = g[3 * r.DH + j];
    const Real c_old = value_or_zero(c_before, j), n_old = value_or_zero(n_before, j);
    const Real n = a.n[at + j], h = r.h[at + j];
    const Real slope = log_forget_slope(f, a.forget_gate);
    const auto s =
        stabilise(i, log_forget(f, a.forget_gate), value_or_zero(m_before, j), n_old == 0);
    const auto u = static_cast<std::size_t>(state_row(r, p) + j);

    const Real dc = d.c[u] + dh[j] * sigmoid(o) / n;
    const Real dn = d.n[u] - dh[j] * h / n;
    const Real dm = d.m[u];
    dg[j] = s.input * (z * dc + dn) + (s.from_input ? dm : 0);
    dg[r.DH + j] = (s.forget * (c_old * dc + n_old * dn) + (s.from_input ? 0 : dm)) * slope;
    dg[2 * r.DH + j] = s.input * dc * (1 - z * z);
    dg[3 * r.DH + j] = dh[j] * h * sigmoid(-o);

    d.c[u] = c_before == nullptr ? 0 : s.forget * dc;
    d.n[u] = n_before == nullptr ? 0 : s.forget * dn;
    d.m[u] = s.from_input ? 0 : dm;
  }
}

}  // namespace

template <class Real>
void slstm_forward(const SlstmForward<Real>& a) {
  forward_steps(a.recurrence, [&](const Place& p) { step(a, p); });
  copy_last(a.recurrence, a.recurrence.h, a.recurrence.h_last);
  copy_last(a.recurrence, a.c, a.c_last);
  copy_last(a.recurrence, a.n, a.n_last);
  copy_last(a.recurrence, a.m, a.m_last);
}

template <class Real>
void slstm_backward(const SlstmBackward<Real>& a) {
  StateGradient<Real> d = final_gradient(a);
  backward_steps(a.recurrence, [&](const Place& p, const Real* dh) { step_back(a, p, dh, d); });
  if (a.dm0 != nullptr) {
    for (std::size_t u = 0; u < d.m.size(); ++u) {
      const auto j = static_cast<std::int64_t>(u);
      d.m[u] += value_or_zero(a.c0, j) * d.c[u] + value_or_zero(a.n0, j) * d.n[u];
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

}  // namespace carousel::reference
