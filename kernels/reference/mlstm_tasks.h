// How the forms of the mLSTM run: a task is one head of one sequence, b · NH + head, tasks run side
// by side, and each has memory of its own, allocated before any of them starts.
#pragma once

#include <algorithm>
#include <vector>

#include "core/parallel.h"
#include "core/tensor.h"
#include "kernels/reference/mlstm_gates.h"

namespace carousel::reference {

// The memory of one task.
template <class Real>
struct MlstmScratch {
  MlstmStep* steps;      // S: the scalars of the task's steps
  MlstmStepGradients d;  // zeros
  double* D;             // S, undefined: weights of a row t, D_ts
  double* p;             // S, undefined: products for mlstm_add_row
  Real* memory;          // as asked for, undefined
};

// body(task, scratch) for every task. At most 64 scratches exist, whatever the number of threads.
template <class Real, class Body>
void mlstm_tasks(const MlstmInputs<Real>& in, std::int64_t memory_per_task, const Body& body) {
  const std::int64_t tasks = in.B * in.NH, S = in.S;
  const std::int64_t cost = 4 * S * in.DHqk * in.DHv;
  const std::int64_t grain = std::max(grain_for(cost), (tasks + 63) / 64);
  const std::int64_t groups = (tasks + grain - 1) / grain;
  std::vector<MlstmStep> steps(static_cast<std::size_t>(groups * S));
  Tensor<double> gradients({groups, 5, S});
  Tensor<Real> memory({groups, memory_per_task});

  parallel_for(tasks, grain, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t group = begin / grain;
    double* const d = gradients.mutable_data() + group * 5 * S;
    const MlstmScratch<Real> scratch{
        .steps = steps.data() + group * S,
        .d = {.log_f = d, .i = d + S, .m = d + 2 * S},
        .D = d + 3 * S,
        .p = d + 4 * S,
        .memory = memory.mutable_data() + group * memory_per_task,
    };
    for (std::int64_t task = begin; task < end; ++task) {
      mlstm_steps(in, task, scratch.steps);
      std::fill_n(d, 3 * S, 0.0);
      body(task, scratch);
    }
  });
}

// Ĉ = [C | n] (DHqk, DHv + 1): the normaliser is one more column of the state.
template <class Real>
void mlstm_join_state(Real* state, const Real* c, const Real* n, std::int64_t DHqk,
                      std::int64_t DHv) {
  for (std::int64_t j = 0; j < DHqk; ++j, state += DHv + 1) {
    std::copy_n(c + j * DHv, DHv, state);
    state[DHv] = n[j];
  }
}

template <class Real>
void mlstm_split_state(const Real* state, Real* c, Real* n, std::int64_t DHqk, std::int64_t DHv) {
  for (std::int64_t j = 0; j < DHqk; ++j, state += DHv + 1) {
    std::copy_n(state, DHv, c + j * DHv);
    n[j] = state[DHv];
  }
}

// Ĉ before the chunk that starts at begin, unless it is fresh: from the initial state or from what
// forward saved.
template <class Real>
void mlstm_load_chunk(const MlstmBackward<Real>& a, std::int64_t task, std::int64_t begin,
                      Real* state) {
  const auto& in = a.in;
  const std::int64_t chunks = (in.S - 1) / in.chunk_size;
  const std::int64_t at = begin == 0 ? task : task * chunks + begin / in.chunk_size - 1;
  const Real* const c = (begin == 0 ? in.c0 : a.chunk_c) + at * in.DHqk * in.DHv;
  const Real* const n = (begin == 0 ? in.n0 : a.chunk_n) + at * in.DHqk;
  mlstm_join_state(state, c, n, in.DHqk, in.DHv);
}

// dĈ_T = [dC_T | dn_T].
template <class Real>
void mlstm_load_dstate(const MlstmBackward<Real>& a, std::int64_t task, Real* dstate) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv;
  mlstm_join_state(dstate, a.dc + task * DHqk * DHv, a.dn + task * DHqk, DHqk, DHv);
}

// dC0, dn0 += dĈ_0, where there is an initial state.
template <class Real>
void mlstm_add_dstate(const MlstmBackward<Real>& a, std::int64_t task, const Real* dstate) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv;
  for (std::int64_t j = task * DHqk; j < (task + 1) * DHqk; ++j, dstate += DHv + 1) {
    for (std::int64_t e = 0; a.dc0 != nullptr && e < DHv; ++e) a.dc0[j * DHv + e] += dstate[e];
    if (a.dn0 != nullptr) a.dn0[j] += dstate[DHv];
  }
}

}  // namespace carousel::reference
