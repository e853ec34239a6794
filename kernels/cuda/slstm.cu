// The equations are those of the reference, reference/slstm.cpp.

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/recurrence_backward.h"
#include "kernels/cuda/recurrence_forward.h"
#include "kernels/reference/slstm_gates.h"
#include "kernels/slstm.h"

namespace carousel::cuda {

namespace {

using reference::log_forget;
using reference::log_forget_slope;
using reference::sigmoid;
using reference::stabilise;

// What one unit does; i is its place in (B, NH, DH) for the initial and last states, else in
// (B, S, NH, DH).
template <class RealType>
struct SlstmCell {
  using Real = RealType;
  using Forward = SlstmForward<Real>;
  using Backward = SlstmBackward<Real>;

  struct State {
    Real c, n, m;
  };
  struct Saved {
    Gates<Real> g;
    State before;
    Real n, h;
  };

  static __device__ Real or_zero(const Real* p, std::int64_t i) {
    return p == nullptr ? Real{0} : p[i];
  }
  template <class Args>
  static __device__ State initial(const Args& a, std::int64_t i) {
    return {or_zero(a.c0, i), or_zero(a.n0, i), or_zero(a.m0, i)};
  }
  template <class Args>
  static __device__ State stored(const Args& a, std::int64_t i) {
    return {a.c[i], a.n[i], a.m[i]};
  }
  static __device__ void store(const Forward& a, std::int64_t i, const State& s) {
    a.c[i] = s.c;
    a.n[i] = s.n;
    a.m[i] = s.m;
  }
  static __device__ void store_last(const Forward& a, std::int64_t i, const State& s) {
    a.c_last[i] = s.c;
    a.n_last[i] = s.n;
    a.m_last[i] = s.m;
  }

  static __device__ Real step(const Forward& a, const Gates<Real>& g, State& s) {
    const auto by = stabilise(g.at[0], log_forget(g.at[1], a.forget_gate), s.m, s.n == 0);
    s.c = by.forget * s.c + by.input * std::tanh(g.at[2]);
    s.n = by.forget * s.n + by.input;
    s.m = by.m;
    return sigmoid(g.at[3]) * s.c / s.n;
  }

  static __device__ Saved saved(const Backward& a, std::int64_t i, const Gates<Real>& g,
                                const State& before) {
    return {g, before, a.n[i], a.recurrence.h[i]};
  }
  // `last` is the place of the last step.
  static __device__ State final_gradient(const Backward& a, std::int64_t i, std::int64_t last) {
    const Real dc = a.dc_last[i], dn = a.dn_last[i];
    return {dc, dn, a.dm_last[i] - (a.c[last] * dc + a.n[last] * dn)};
  }
  static __device__ void step_back(const Backward& a, const Saved& s, Real dh, State& d,
                                   Gates<Real>& dg) {
    const Real f = s.g.at[1], z = std::tanh(s.g.at[2]), o = s.g.at[3];
    const Real slope = log_forget_slope(f, a.forget_gate);
    const auto by = stabilise(s.g.at[0], log_forget(f, a.forget_gate), s.before.m, s.before.n == 0);
    const Real dc = d.c + dh * sigmoid(o) / s.n, dn = d.n - dh * s.h / s.n, dm = d.m;
    dg.at[0] = by.input * (z * dc + dn) + (by.from_input ? dm : Real{0});
    const Real df = by.forget * (s.before.c * dc + s.before.n * dn);
    dg.at[1] = (df + (by.from_input ? Real{0} : dm)) * slope;
    dg.at[2] = by.input * dc * (1 - z * z);
    dg.at[3] = dh * s.h * sigmoid(-o);
    d = {by.forget * dc, by.forget * dn, by.from_input ? Real{0} : dm};
  }
  static __device__ void add_initial(const Backward& a, std::int64_t i, const State& d) {
    const Real dc = a.c0 == nullptr ? Real{0} : d.c, dn = a.n0 == nullptr ? Real{0} : d.n;
    if (a.dm0 != nullptr) a.dm0[i] += d.m + or_zero(a.c0, i) * dc + or_zero(a.n0, i) * dn;
    if (a.dc0 != nullptr) a.dc0[i] += dc;
    if (a.dn0 != nullptr) a.dn0[i] += dn;
  }
};

}  // namespace

template <class Real>
void slstm_forward(const SlstmForward<Real>& a) {
  recurrence_forward<SlstmCell<Real>>(a);
}

template <class Real>
void slstm_backward(const SlstmBackward<Real>& a) {
  recurrence_backward<SlstmCell<Real>>(a);
}

template void slstm_forward(const SlstmForward<float>&);
template void slstm_forward(const SlstmForward<double>&);
template void slstm_backward(const SlstmBackward<float>&);
template void slstm_backward(const SlstmBackward<double>&);

}  // namespace carousel::cuda
