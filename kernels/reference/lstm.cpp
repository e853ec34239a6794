// Per unit, from the gates i, f, z, o that recurrence.cpp computes:
//
//   c_t = σ(f) c_{t−1} + σ(i) tanh z        h_t = σ(o) tanh c_t
//
// Backward, with σ' = σ(x) σ(−x):
//
//   dc += dh σ(o) (1 − tanh² c)        do = dh tanh c · σ'(o)
//   di = dc tanh z · σ'(i)        df = dc c_{t−1} σ'(f)        dz = dc σ(i) (1 − tanh² z)
//   dc_{t−1} = σ(f) dc

#include "kernels/lstm.h"

#include <cmath>

#include "kernels/reference/gates.h"
#include "kernels/reference/recurrence.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

template <class Real>
void step(const LstmForward<Real>& a, const Place& p) {
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p);
  const Real* const g = r.gates + 4 * at;
  const Real* const c_before = before(r, a.c, a.c0, p);
  for (std::int64_t j = 0; j < r.DH; ++j) {
    const Real i = g[j], f = g[r.DH + j], z = g[2 * r.DH + j], o = g[3 * r.DH + j];
    const Real c_old = c_before == nullptr ? 0 : c_before[j];
    const Real c = sigmoid(f) * c_old + sigmoid(i) * std::tanh(z);
    a.c[at + j] = c;
    r.h[at + j] = sigmoid(o) * std::tanh(c);
  }
}

// dc_all, (B, NH, DH): the gradient of c on its way back through time.
template <class Real>
void step_back(const LstmBackward<Real>& a, const Place& p, const Real* dh,
               std::vector<Real>& dc_all) {
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p);
  const Real* const g = r.gates + 4 * at;
  Real* const dg = r.dgates + 4 * at;
  Real* const dc_carried = dc_all.data() + state_row(r, p);
  const Real* const c_before = before(r, a.c, a.c0, p);
  for (std::int64_t j = 0; j < r.DH; ++j) {
    const Real i = g[j], f = g[r.DH + j], z = std::tanh(g[2 * r.DH + j]), o = g[3 * r.DH + j];
    const Real c_old = c_before == nullptr ? 0 : c_before[j], tanh_c = std::tanh(a.c[at + j]);
    const Real input = sigmoid(i), forget = sigmoid(f), output = sigmoid(o);

    const Real dc = dc_carried[j] + dh[j] * output * (1 - tanh_c * tanh_c);
    dg[j] = dc * z * input * sigmoid(-i);
    dg[r.DH + j] = dc * c_old * forget * sigmoid(-f);
    dg[2 * r.DH + j] = dc * input * (1 - z * z);
    dg[3 * r.DH + j] = dh[j] * tanh_c * output * sigmoid(-o);
    dc_carried[j] = c_before == nullptr ? 0 : forget * dc;
  }
}

}  // namespace

template <class Real>
void lstm_forward(const LstmForward<Real>& a) {
  forward_steps(a.recurrence, [&](const Place& p) { step(a, p); });
  copy_last(a.recurrence, a.recurrence.h, a.recurrence.h_last);
  copy_last(a.recurrence, a.c, a.c_last);
}

template <class Real>
void lstm_backward(const LstmBackward<Real>& a) {
  const auto& r = a.recurrence;
  std::vector<Real> dc(a.dc_last, a.dc_last + r.B * r.NH * r.DH);
  backward_steps(r, [&](const Place& p, const Real* dh) { step_back(a, p, dh, dc); });
  add_state_gradient(dc, a.dc0);
}

template void lstm_forward(const LstmForward<float>&);
template void lstm_forward(const LstmForward<double>&);
template void lstm_backward(const LstmBackward<float>&);
template void lstm_backward(const LstmBackward<double>&);

}  // namespace carousel::reference
