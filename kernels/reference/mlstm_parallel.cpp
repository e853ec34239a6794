// All pairs of positions at once, a row t at a time. With F_t = Σ_{r≤t} logσ(f̃_r), scaled keys and
// queries k̃ and q̃, and s from the position where the state was last fresh,
//
//   D_ts = exp(F_t − F_s + ĩ_s − M_t)     A_ts = (q̃_t·k̃_s) D_ts     num_t = Σ_{s≤t} A_ts v_s den_t
//   = Σ_{s≤t} A_ts
//
// An initial state, as long as no reset has cut it off, adds e_t C0ᵀ q̃_t and e_t n0·q̃_t with
// e_t = exp(F_t + m0 − M_t). The final state weighs the pairs as the last row does:
//
//   C_T = e_T C0 + Σ_s D_Ts k̃_s v_sᵀ        n_T = e_T n0 + Σ_s D_Ts k̃_s
//
// Backward, with g_t = dnum_t and δ_t = dden_t:
//
//   dA_ts = g_t·v_s + δ_t                            dv_s = Σ_t A_ts g_t + D_Ts dC_Tᵀ k̃_s
//   dq̃_t = Σ_s dA_ts D_ts k̃_s + e_t (C0 g_t + δ_t n0)
//   dk̃_s = Σ_t dA_ts D_ts q̃_t + D_Ts (dC_T v_s + dn_T)
//   dC0 = Σ_t e_t q̃_t g_tᵀ + e_T dC_T                dn0 = Σ_t e_t δ_t q̃_t + e_T dn_T
//
// and A_ts dA_ts goes to ĩ_s and to every logσ(f̃_r), s < r ≤ t (mlstm_add_row). Memory: O(S).

#include <algorithm>
#include <cmath>

#include "kernels/reference/mlstm_rows.h"
#include "kernels/reference/mlstm_tasks.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

// Row t of D, and what it carries of the initial state.
struct DecayRow {
  std::int64_t first;  // D_ts = 0 for s < first: a fresh start
  double carried;      // e_t
};

template <class Real>
DecayRow decay_row(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t,
                   const MlstmScratch<Real>& scratch) {
  const double m = scratch.steps[t].m;
  double log_f = 0;  // F_t − F_s, added up backwards: no large F cancels
  for (std::int64_t s = t;; --s) {
    const double i = static_cast<double>(in.i[mlstm_row(in, task, s)]);
    scratch.D[s] = std::exp(log_f + (i - m));
    if (mlstm_fresh(in, task, s)) return {.first = s, .carried = 0};
    log_f += scratch.steps[s].log_f;
    if (s == 0) {
      return {.first = 0, .carried = std::exp(log_f + (mlstm_initial_m(in, task) - m))};
    }
  }
}

template <class Real>
void forward_row(const MlstmForward<Real>& a, std::int64_t task, std::int64_t t,
                 const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  const std::int64_t DHqk = in.DHqk, DHv = in.DHv, row = mlstm_row(in, task, t);
  const auto scale = static_cast<Real>(in.query_scale * in.key_scale);
  const Real* const q = in.q + row * DHqk;
  Real* const h = a.h + row * DHv;
  const auto [first, carried] = decay_row(in, task, t, scratch);

  std::fill_n(h, DHv, Real{0});
  Real den = 0;
  for (std::int64_t s = first; s <= t; ++s) {
    const std::int64_t at = mlstm_row(in, task, s);
    const Real A = scale * mlstm_dot(q, in.k + at * DHqk, DHqk) * static_cast<Real>(scratch.D[s]);
    mlstm_add(h, A, in.v + at * DHv, DHv);
    den += A;
  }
  for (std::int64_t j = 0; carried != 0 && j < DHqk; ++j) {
    const Real weight = static_cast<Real>(carried * in.query_scale) * q[j];
    mlstm_add(h, weight, in.c0 + (task * DHqk + j) * DHv, DHv);
    den += weight * in.n0[task * DHqk + j];
  }
  mlstm_normalise(a, row, den, scratch.steps[t].m);
}

template <class Real>
void final_state(const MlstmForward<Real>& a, std::int64_t task,
                 const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  const std::int64_t DHqk = in.DHqk, DHv = in.DHv;
  const auto [first, carried] = decay_row(in, task, in.S - 1, scratch);
  for (std::int64_t j = 0; j < DHqk; ++j) {
    const std::int64_t at = task * DHqk + j;
    Real* const c = a.c + at * DHv;
    std::fill_n(c, DHv, Real{0});
    a.n[at] = 0;
    if (carried != 0) {
      mlstm_add(c, static_cast<Real>(carried), in.c0 + at * DHv, DHv);
      a.n[at] = static_cast<Real>(carried) * in.n0[at];
    }
    for (std::int64_t s = first; s < in.S; ++s) {
      const std::int64_t row = mlstm_row(in, task, s);
      const Real key =
          static_cast<Real>(in.key_scale) * in.k[row * DHqk + j] * static_cast<Real>(scratch.D[s]);
      mlstm_add(c, key, in.v + row * DHv, DHv);
      a.n[at] += key;
    }
  }
  a.m[task] = static_cast<Real>(scratch.steps[in.S - 1].m);
}

// y += weight · x, where y is wanted.
template <class Real>
void add_wanted(Real* y, std::int64_t row, Real weight, const Real* x, std::int64_t n) {
  if (y != nullptr) mlstm_add(y + row * n, weight, x, n);
}

// What backward holds of one task, in its scratch memory; W = DHv + 1.
template <class Real>
struct Workspace {
  Real* upstream;  // (W)          [g_t | δ_t]
  Real* dkey;      // (DHqk)
  Real* state0;    // (DHqk, W)    [C0 | n0]
  Real* dstate0;   // (DHqk, W)    [dC0 | dn0]
  Real* dstate;    // (DHqk, W)    [dC_T | dn_T]

  static std::int64_t size(const MlstmInputs<Real>& in) {
    return (in.DHv + 1) * (1 + 3 * in.DHqk) + in.DHqk;
  }
  Workspace(const MlstmInputs<Real>& in, Real* memory)
      : upstream(memory),
        dkey(upstream + in.DHv + 1),
        state0(dkey + in.DHqk),
        dstate0(state0 + in.DHqk * (in.DHv + 1)),
        dstate(dstate0 + in.DHqk * (in.DHv + 1)) {}
};

template <class Real>
void backward_row(const MlstmBackward<Real>& a, std::int64_t task, std::int64_t t,
                  const MlstmScratch<Real>& scratch, const Workspace<Real>& work) {
  const auto& in = a.in;
  const std::int64_t DHqk = in.DHqk, DHv = in.DHv, W = DHv + 1, row = mlstm_row(in, task, t);
  const auto scale = static_cast<Real>(in.query_scale * in.key_scale);
  const Real* const q = in.q + row * DHqk;
  const auto [first, carried] = decay_row(in, task, t, scratch);

  scratch.d.m[t] += mlstm_upstream(a, row, scratch.steps[t].m, work.upstream);
  for (std::int64_t s = first; s <= t; ++s) {
    const std::int64_t at = mlstm_row(in, task, s);
    const Real* const k = in.k + at * DHqk;
    const auto D = static_cast<Real>(scratch.D[s]);
    const Real A = scale * mlstm_dot(q, k, DHqk) * D;
    const Real dA = mlstm_dot(work.upstream, in.v + at * DHv, DHv) + work.upstream[DHv];
    const Real dscore = scale * dA * D;
    add_wanted(a.dq, row, dscore, k, DHqk);
    add_wanted(a.dk, at, dscore, q, DHqk);
    add_wanted(a.dv, at, A, work.upstream, DHv);
    scratch.p[s - first] = static_cast<double>(dA) * static_cast<double>(A);
  }

  double along = 0;
  const auto query_scale = static_cast<Real>(carried * in.query_scale);
  for (std::int64_t j = 0; carried != 0 && j < DHqk; ++j) {
    const Real dquery = query_scale * mlstm_dot(work.state0 + j * W, work.upstream, W);
    if (a.dq != nullptr) a.dq[row * DHqk + j] += dquery;
    mlstm_add(work.dstate0 + j * W, query_scale * q[j], work.upstream, W);
    along += static_cast<double>(q[j]) * static_cast<double>(dquery);
  }
  mlstm_add_row(scratch.d, scratch.p, along, first, t);
}

template <class Real>
void backward_final_state(const MlstmBackward<Real>& a, std::int64_t task,
                          const MlstmScratch<Real>& scratch, const Workspace<Real>& work) {
  const auto& in = a.in;
  const std::int64_t DHqk = in.DHqk, DHv = in.DHv, W = DHv + 1;
  const auto [first, carried] = decay_row(in, task, in.S - 1, scratch);
  double effect = 0;  // ⟨dC_T, C_T⟩ + ⟨dn_T, n_T⟩
  for (std::int64_t s = first; s < in.S; ++s) {
    const std::int64_t row = mlstm_row(in, task, s);
    const Real* const k = in.k + row * DHqk;
    const Real* const v = in.v + row * DHv;
    const Real weight = static_cast<Real>(in.key_scale * scratch.D[s]);
    for (std::int64_t j = 0; j < DHqk; ++j) {
      const Real* const dstate = work.dstate + j * W;
      work.dkey[j] = weight * (mlstm_dot(dstate, v, DHv) + dstate[DHv]);
      add_wanted(a.dv, row, weight * k[j], dstate, DHv);
    }
    add_wanted(a.dk, row, Real{1}, work.dkey, DHqk);
    scratch.p[s - first] = static_cast<double>(mlstm_dot(k, work.dkey, DHqk));
    effect += scratch.p[s - first];
  }
  double along = 0;
  if (carried != 0) {
    mlstm_add(work.dstate0, static_cast<Real>(carried), work.dstate, DHqk * W);
    along = carried * static_cast<double>(mlstm_dot(work.dstate, work.state0, DHqk * W));
  }
  mlstm_add_row(scratch.d, scratch.p, along, first, in.S - 1);
  scratch.d.m[in.S - 1] -= effect + along;
}

template <class Real>
void backward_task(const MlstmBackward<Real>& a, std::int64_t task,
                   const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  const Workspace<Real> work(in, scratch.memory);
  mlstm_load_dstate(a, task, work.dstate);
  std::fill_n(work.dstate0, in.DHqk * (in.DHv + 1), Real{0});
  if (in.c0 != nullptr) {
    mlstm_join_state(work.state0, in.c0 + task * in.DHqk * in.DHv, in.n0 + task * in.DHqk, in.DHqk,
                     in.DHv);
  }
  backward_final_state(a, task, scratch, work);
  for (std::int64_t t = 0; t < in.S; ++t) backward_row(a, task, t, scratch, work);
  if (in.c0 != nullptr) mlstm_add_dstate(a, task, work.dstate0);
  mlstm_finish_gates(a, task, scratch.steps, scratch.d);
}

}  // namespace

template <class Real>
void mlstm_parallel_forward(const MlstmForward<Real>& a) {
  mlstm_tasks(a.in, 0, [&](std::int64_t task, const MlstmScratch<Real>& scratch) {
    for (std::int64_t t = 0; t < a.in.S; ++t) {
      forward_row(a, task, t, scratch);
    }
    final_state(a, task, scratch);
  });
}

template <class Real>
void mlstm_parallel_backward(const MlstmBackward<Real>& a) {
  mlstm_tasks(a.in, Workspace<Real>::size(a.in),
              [&](std::int64_t task, const MlstmScratch<Real>& scratch) {
                backward_task(a, task, scratch);
              });
}

template void mlstm_parallel_forward(const MlstmForward<float>&);
template void mlstm_parallel_forward(const MlstmForward<double>&);
template void mlstm_parallel_backward(const MlstmBackward<float>&);
template void mlstm_parallel_backward(const MlstmBackward<double>&);

}  // namespace carousel::reference
