// The recurrence, one step after the other; with S = 1 it is the step of a decoder. With k̃, q̃ the
// scaled keys and queries, v̂ = [v | 1] and Ĉ = [C | n], so that the normaliser is one more column,
//
//   Ĉ_t = decay_t Ĉ_{t−1} + input_t k̃_t v̂_tᵀ        [num_t | den_t] = Ĉ_tᵀ q̃_t
//
// Backward, with g_t the gradient of [num_t | den_t] and dĈ_t the gradient of the state after step
// t on all its ways:
//
//   dĈ_t = decay_{t+1} dĈ_{t+1} + q̃_t g_tᵀ             dq̃_t = Ĉ_t g_t
//   dk̃_t = input_t dĈ_t v̂_t                           dv̂_t = input_t dĈ_tᵀ k̃_t
//   dlogf_t = decay_t ⟨dĈ_t, Ĉ_{t−1}⟩                 dĩ_t = k̃_t·dk̃_t
//
// The states are computed again, chunk by chunk from the saved ones: backward holds
// (L + 1) · DHqk · (DHv + 1) numbers for each of at most 64 tasks.

#include <algorithm>

#include "kernels/reference/mlstm_rows.h"
#include "kernels/reference/mlstm_tasks.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

// decay = kept + rest, with kept 0 or 1, so that what is rounded is small. A factor of 0.998,
// rounded to single precision the same way a thousand times, would cost three digits.
template <class Real>
struct Decay {
  Real kept, rest;

  explicit Decay(double decay)
      : kept(decay < 0.5 ? Real{0} : Real{1}),
        rest(static_cast<Real>(decay - static_cast<double>(kept))) {}
  Real operator()(Real x) const { return kept * x + rest * x; }
};

// One step, from the state (c0, n0), which may be where the new state goes, and is not read when
// the step starts afresh.
template <class Real>
void forward_step(const MlstmForward<Real>& a, std::int64_t task, std::int64_t row,
                  const MlstmStep& step, const Real* c0, const Real* n0) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv;
  const Real* const q = a.in.q + row * DHqk;
  const Real* const k = a.in.k + row * DHqk;
  const Real* const v = a.in.v + row * DHv;
  Real* const h = a.h + row * DHv;
  const Decay<Real> decay(step.decay);
  const auto key_scale = static_cast<Real>(step.input * a.in.key_scale);
  const auto query_scale = static_cast<Real>(a.in.query_scale);

  std::fill_n(h, DHv, Real{0});
  Real den = 0;
  for (std::int64_t j = 0; j < DHqk; ++j) {
    Real* const c = a.c + (task * DHqk + j) * DHv;
    Real* const n = a.n + task * DHqk + j;
    const Real key = key_scale * k[j], query = query_scale * q[j];
    if (step.decay == 0) {
      for (std::int64_t e = 0; e < DHv; ++e) c[e] = key * v[e];
      *n = key;
    } else {
      const Real* const previous = c0 + j * DHv;
      for (std::int64_t e = 0; e < DHv; ++e) c[e] = decay(previous[e]) + key * v[e];
      *n = decay(n0[j]) + key;
    }
    mlstm_add(h, query, c, DHv);
    den += query * *n;
  }
  mlstm_normalise(a, row, den, step.m);
}

template <class Real>
void forward_task(const MlstmForward<Real>& a, std::int64_t task) {
  const auto& in = a.in;
  const std::int64_t size = in.DHqk * in.DHv, chunks = (in.S - 1) / in.chunk_size;
  Real* const c = a.c + task * size;
  Real* const n = a.n + task * in.DHqk;
  double m = mlstm_initial_m(in, task);
  for (std::int64_t t = 0; t < in.S; ++t) {
    if (a.chunk_c != nullptr && t > 0 && t % in.chunk_size == 0) {
      const std::int64_t chunk = task * chunks + t / in.chunk_size - 1;
      std::copy_n(c, size, a.chunk_c + chunk * size);
      std::copy_n(n, in.DHqk, a.chunk_n + chunk * in.DHqk);
    }
    const MlstmStep step = mlstm_step(in, task, t, m);
    const bool initial = t == 0 && in.c0 != nullptr;
    forward_step(a, task, mlstm_row(in, task, t), step, initial ? in.c0 + task * size : c,
                 initial ? in.n0 + task * in.DHqk : n);
    m = step.m;
  }
  a.m[task] = static_cast<Real>(m);
}

// What backward holds of one task, in its scratch memory.
template <class Real>
struct Workspace {
  Real* dstate;    // (DHqk, DHv + 1)          dĈ
  Real* upstream;  // (DHv + 1)                g_t
  Real* dv;        // (DHv + 1)                dv̂_t
  Real* states;    // (L + 1, DHqk, DHv + 1)   Ĉ before and after every step of a chunk

  static std::int64_t size(const MlstmInputs<Real>& in) {
    const std::int64_t W = in.DHv + 1, L = std::min(in.S, in.chunk_size);
    return (L + 2) * in.DHqk * W + 2 * W;
  }
  Workspace(const MlstmInputs<Real>& in, Real* memory)
      : dstate(memory),
        upstream(dstate + in.DHqk * (in.DHv + 1)),
        dv(upstream + in.DHv + 1),
        states(dv + in.DHv + 1) {}
};

// after = decay · before + input · k̃ v̂ᵀ
template <class Real>
void recompute_step(const MlstmInputs<Real>& in, std::int64_t row, const MlstmStep& step,
                    const Real* before, Real* after) {
  const std::int64_t DHv = in.DHv, W = DHv + 1;
  const Real* const k = in.k + row * in.DHqk;
  const Real* const v = in.v + row * DHv;
  const Decay<Real> decay(step.decay);
  const auto key_scale = static_cast<Real>(step.input * in.key_scale);
  for (std::int64_t j = 0; j < in.DHqk; ++j, before += W, after += W) {
    const Real key = key_scale * k[j];
    if (step.decay == 0) {
      std::fill_n(after, W, Real{0});
    } else {
      for (std::int64_t e = 0; e < W; ++e) after[e] = decay(before[e]);
    }
    mlstm_add(after, key, v, DHv);
    after[DHv] += key;
  }
}

// Turns dĈ, which holds what comes from later steps, into the gradient of the state before step t.
template <class Real>
void backward_step(const MlstmBackward<Real>& a, std::int64_t task, std::int64_t t,
                   const MlstmStep& step, const Real* before, const Real* after,
                   const MlstmStepGradients& d, const Workspace<Real>& work) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv, W = DHv + 1;
  const std::int64_t row = mlstm_row(a.in, task, t);
  const Real* const q = a.in.q + row * DHqk;
  const Real* const k = a.in.k + row * DHqk;
  const Real* const v = a.in.v + row * DHv;
  const Decay<Real> decay(step.decay);
  const auto key_scale = static_cast<Real>(step.input * a.in.key_scale);
  const auto query_scale = static_cast<Real>(a.in.query_scale);

  d.m[t] += mlstm_upstream(a, row, step.m, work.upstream);
  std::fill_n(work.dv, W, Real{0});
  double dlog_f = 0, di = 0;
  for (std::int64_t j = 0; j < DHqk; ++j) {
    Real* const dstate = work.dstate + j * W;
    mlstm_add(dstate, query_scale * q[j], work.upstream, W);
    if (a.dq != nullptr) {
      a.dq[row * DHqk + j] += query_scale * mlstm_dot(after + j * W, work.upstream, W);
    }
    const Real dkey = key_scale * (mlstm_dot(dstate, v, DHv) + dstate[DHv]);
    if (a.dk != nullptr) a.dk[row * DHqk + j] += dkey;
    mlstm_add(work.dv, key_scale * k[j], dstate, W);
    di += static_cast<double>(k[j]) * static_cast<double>(dkey);
    if (step.decay == 0) {
      std::fill_n(dstate, W, Real{0});
    } else {
      dlog_f += static_cast<double>(mlstm_dot(dstate, before + j * W, W));
      for (std::int64_t e = 0; e < W; ++e) dstate[e] = decay(dstate[e]);
    }
  }
  if (a.dv != nullptr) mlstm_add(a.dv + row * DHv, Real{1}, work.dv, DHv);
  d.i[t] += di;
  d.log_f[t] += step.decay * dlog_f;
}

template <class Real>
void backward_task(const MlstmBackward<Real>& a, std::int64_t task,
                   const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  const std::int64_t size = in.DHqk * (in.DHv + 1);
  const Workspace<Real> work(in, scratch.memory);
  mlstm_load_dstate(a, task, work.dstate);
  for (std::int64_t end = in.S; end > 0;) {
    const std::int64_t begin = (end - 1) / in.chunk_size * in.chunk_size;
    const auto state_before = [&](std::int64_t t) { return work.states + (t - begin) * size; };
    if (!mlstm_fresh(in, task, begin)) mlstm_load_chunk(a, task, begin, work.states);
    for (std::int64_t t = begin; t < end; ++t) {
      recompute_step(in, mlstm_row(in, task, t), scratch.steps[t], state_before(t),
                     state_before(t + 1));
    }
    if (end == in.S) {
      scratch.d.m[end - 1] -= static_cast<double>(mlstm_dot(work.dstate, state_before(end), size));
    }
    for (std::int64_t t = end - 1; t >= begin; --t) {
      backward_step(a, task, t, scratch.steps[t], state_before(t), state_before(t + 1), scratch.d,
                    work);
    }
    end = begin;
  }
  if (in.c0 != nullptr) mlstm_add_dstate(a, task, work.dstate);
  mlstm_finish_gates(a, task, scratch.steps, scratch.d);
}

}  // namespace

template <class Real>
void mlstm_recurrent_forward(const MlstmForward<Real>& a) {
  const std::int64_t cost = 4 * a.in.S * a.in.DHqk * a.in.DHv;
  parallel_for(a.in.B * a.in.NH, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) forward_task(a, task);
  });
}

template <class Real>
void mlstm_recurrent_backward(const MlstmBackward<Real>& a) {
  mlstm_tasks(a.in, Workspace<Real>::size(a.in),
              [&](std::int64_t task, const MlstmScratch<Real>& scratch) {
                backward_task(a, task, scratch);
              });
}

template void mlstm_recurrent_forward(const MlstmForward<float>&);
template void mlstm_recurrent_forward(const MlstmForward<double>&);
template void mlstm_recurrent_backward(const MlstmBackward<float>&);
template void mlstm_recurrent_backward(const MlstmBackward<double>&);

}  // namespace carousel::reference
