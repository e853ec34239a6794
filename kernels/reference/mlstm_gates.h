// What the three forms of the mLSTM share: the scalars of every step of one head, and the way back
// through them.
//
//   M_t = max(logσ(f̃_t) + M_{t−1}, ĩ_t)      N_t = max(|den_t|, exp(−M_t)) + eps      h_t = num_t /
//   N_t
//
// in a fresh state M_t = ĩ_t. num and den carry the factor exp(−M_t), the state exp(−M_T), so M has
// three effects: through eps, ∂h_t/∂M_t = −h_t eps / N_t whichever side of the maximum in N_t wins;
// through the final state; and through m_T. They are collected as dm_t and walked back through the
// recursion of M. Everything else is differentiated with M held constant.
#pragma once

#include "kernels/mlstm.h"

namespace carousel::reference {

// A task is one head of one sequence: b · NH + head. This is its row t in (B, S, NH, …).
template <class Real>
std::int64_t mlstm_row(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t) {
  return (task / in.NH * in.S + t) * in.NH + task % in.NH;
}

// Whether nothing is carried into step t.
template <class Real>
bool mlstm_fresh(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t) {
  return (t == 0 && in.m0 == nullptr) ||
         (in.reset != nullptr && in.reset[task / in.NH * in.S + t] != 0);
}

// State_t = decay · State_{t−1} + input · (k_t, v_t). In double for every Real: gates of 1e4 leave
// single precision no digits for the differences in the exponents.
struct MlstmStep {
  double log_f;  // logσ(f̃_t)
  double m;      // M_t
  double decay;  // exp(logσ(f̃_t) + M_{t−1} − M_t), 0 in a fresh state
  double input;  // exp(ĩ_t − M_t)
  bool carried;  // M_t = logσ(f̃_t) + M_{t−1}
};

// Step t after one with maximum previous_m. The last M is rounded to Real, since it is handed out:
// the final state is exact for the m that goes with it.
template <class Real>
MlstmStep mlstm_step(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t,
                     double previous_m);

// M before the first step.
template <class Real>
double mlstm_initial_m(const MlstmInputs<Real>& in, std::int64_t task) {
  return in.m0 == nullptr ? 0.0 : static_cast<double>(in.m0[task]);
}

// All steps of a task, into steps[0 … S).
template <class Real>
void mlstm_steps(const MlstmInputs<Real>& in, std::int64_t task, MlstmStep* steps);

// N_t. In double: exp(−M) overflows single precision from M = −88.8 on, and an infinite N is h = 0.
double mlstm_normaliser(double den, double m, double eps);

// Whether |den_t| ≤ exp(−M_t), so that den_t has no effect.
bool mlstm_guarded(double den, double m);

// Turns h, which holds num_t, into h_t, and saves den_t, for one row.
template <class Real>
void mlstm_normalise(const MlstmForward<Real>& a, std::int64_t row, Real den, double m);

// The gradients of the scalars of one task, S each, from zero.
struct MlstmStepGradients {
  double* log_f;
  double* i;
  double* m;
};

// The gradients with respect to num_t and den_t as one row of DHv + 1, [dh_t / N_t | δ_t] with
//   δ_t = −(dh_t·h_t) / N_t · sign(den_t) where |den_t| > exp(−M_t), else 0;
// returns ∂L/∂M_t = −(dh_t·h_t) eps / N_t.
template <class Real>
double mlstm_upstream(const MlstmBackward<Real>& a, std::int64_t row, double m, Real* upstream);

// A weight of the log domain, A_ts = exp(ĩ_s + Σ_{s<r≤t} logσ(f̃_r) − M_t) (…), gives its product
// with dA_ts to ĩ_s and to every logσ(f̃_r) between. So a row of products p_s = A_ts dA_ts, s in
// [first, last], and one of what was carried in from before first, add
//   dĩ_s += p_s        dlogf_r += carried + Σ_{first≤s<r} p_s,   r in [first, last].
// Sums of what crosses r, never differences: they keep their digits where a gate is closed.
void mlstm_add_row(const MlstmStepGradients& d, const double* p, double carried, std::int64_t first,
                   std::int64_t last);

// The end of backward: walks d.m back through the recursion of M and adds into di, df and dm0. The
// last d.m must hold −(⟨dC_T, C_T⟩ + ⟨dn_T, n_T⟩) besides the effect of eps.
template <class Real>
void mlstm_finish_gates(const MlstmBackward<Real>& a, std::int64_t task, const MlstmStep* steps,
                        const MlstmStepGradients& d);

}  // namespace carousel::reference
