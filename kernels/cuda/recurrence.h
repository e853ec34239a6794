// What the kernels of slstm and lstm share: who computes what, and the products with R.
//
// A block or a cluster of them owns one head of a few sequences for all steps. Each block keeps the
// rows of R of its units in shared memory, all four gates of them; the blocks of a cluster send
// each other their part of h (forward) or of Rᵀ dg (backward), and meet once per step. Heads that
// do not fit, and those that want a cluster where there are none, go step by step: a product by
// cuBLAS, then the cells (recurrence_steps.h).
//
// The floor, for B = 16, S = 1024, 4 heads of DH = 192 in float on an H100 (132 SMs, each 128 FMA
// and 128 bytes of shared memory per cycle). The plan: clusters of 8 blocks, 24 units and 4
// sequences each, 128 blocks. Per step and direction a block does 4·24·192·4 = 74 thousand FMA, 576
// cycles, and loads 74 KB of R and, forward, 3 KB of h for every two units: 860 cycles. It sends 96
// numbers to 7 others. Two barriers, one of them the cluster's, and the cell add what they take, an
// estimated thousand cycles: a microsecond per step in all. Device memory gives and takes 12 to 14
// numbers per unit, sequence and step, 350 bytes per cycle of the whole device, a sixth of what it
// can. Backward leaves Σ dg hᵀ, 19 GFLOP, to one product behind the steps.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/recurrence_plan.h"
#include "kernels/cuda/unroll.h"
#include "kernels/recurrence.h"

namespace carousel::cuda {

// One unit of one head in one sequence.
struct Unit {
  std::int64_t b, head, j;
  bool exists;
  int sequence, local;  // within the cluster, within the block
};

// The unit that a thread of a planned kernel looks after.
template <class Args>
__device__ Unit find_unit(const Args& a, const Plan& plan, int rank) {
  const std::int64_t cluster = blockIdx.x / static_cast<unsigned>(plan.cluster);
  const int thread = static_cast<int>(threadIdx.x);
  Unit u;
  u.local = thread % plan.units;
  u.sequence = thread / plan.units;
  u.head = cluster % a.NH;
  u.b = cluster / a.NH * plan.batch + u.sequence;
  u.j = std::int64_t{rank} * plan.units + u.local;
  u.exists = u.sequence < plan.batch && u.b < a.B && u.j < a.DH;
  return u;
}

// Where it is in arrays (B, S, NH, DH), (B, NH, DH), and (B, S, NH, 4·DH), for its first gate.
template <class Args>
__device__ std::int64_t step_index(const Args& a, const Unit& u, std::int64_t t) {
  return ((u.b * a.S + t) * a.NH + u.head) * a.DH + u.j;
}
template <class Args>
__device__ std::int64_t state_index(const Args& a, const Unit& u) {
  return (u.b * a.NH + u.head) * a.DH + u.j;
}
template <class Args>
__device__ std::int64_t gate_index(const Args& a, const Unit& u, std::int64_t t) {
  return 4 * step_index(a, u, t) - 3 * u.j;
}

template <class Args>
__device__ bool resets(const Args& a, const Unit& u, std::int64_t t) {
  return a.reset != nullptr && a.reset[u.b * a.S + t] != 0;
}

template <class Real>
struct Gates {
  Real at[4];  // i, f, z, o
};

template <class Real>
__device__ Real clipped(const RecurrentGradient& gradient, Real d) {
  if (!(gradient.clip > 0)) return d;
  const auto clip = static_cast<Real>(gradient.clip);
  return d < -clip ? -clip : clip < d ? clip : d;
}

// The state before step t, without regard to resets.
template <class Cell, class Args>
__device__ typename Cell::State state_before(const Args& a, const Unit& u, std::int64_t t) {
  const auto& r = a.recurrence;
  return t > 0 ? Cell::stored(a, step_index(r, u, t - 1)) : Cell::initial(a, state_index(r, u));
}

template <class Cell, class Real>
__device__ void store_step(const typename Cell::Forward& a, const Unit& u, std::int64_t t,
                           const Gates<Real>& g, const typename Cell::State& state, Real h) {
  const auto& r = a.recurrence;
  CAROUSEL_UNROLL
  for (int gate = 0; gate < 4; ++gate) r.gates[gate_index(r, u, t) + gate * r.DH] = g.at[gate];
  r.h[step_index(r, u, t)] = h;
  Cell::store(a, step_index(r, u, t), state);
  if (t < r.S - 1) return;
  r.h_last[state_index(r, u)] = h;
  Cell::store_last(a, state_index(r, u), state);
}

template <class Cell>
__device__ typename Cell::Saved load_saved(const typename Cell::Backward& a, const Unit& u,
                                           std::int64_t t) {
  const auto& r = a.recurrence;
  typename Cell::State before{};
  if (!resets(r, u, t)) before = state_before<Cell>(a, u, t);
  Gates<typename Cell::Real> g;
  CAROUSEL_UNROLL
  for (int gate = 0; gate < 4; ++gate) g.at[gate] = r.gates[gate_index(r, u, t) + gate * r.DH];
  return Cell::saved(a, step_index(r, u, t), g, before);
}

template <class Cell>
__device__ typename Cell::State final_gradient(const typename Cell::Backward& a, const Unit& u) {
  const auto& r = a.recurrence;
  return Cell::final_gradient(a, state_index(r, u), step_index(r, u, r.S - 1));
}

// What went back beyond the first step goes to the initial state, the sums of dg to their places.
template <class Cell, class Real>
__device__ void finish_unit(const typename Cell::Backward& a, const Unit& u, Real dh,
                            const typename Cell::State& d, const Gates<Real>& dbias,
                            Real* dbias_parts) {
  const auto& r = a.recurrence;
  if (r.dh0 != nullptr) r.dh0[state_index(r, u)] += dh;
  Cell::add_initial(a, state_index(r, u), d);
  for (int gate = 0; gate < 4; ++gate)
    dbias_parts[((u.b * 4 + gate) * r.NH + u.head) * r.DH + u.j] = dbias.at[gate];
}

// dx += dg, dR += Σ dg h_{t−1}ᵀ, db += Σ dg, given dgates and, (B, 4, NH, DH), its sums over time.
template <class Real>
void add_recurrence_gradients(const RecurrenceBackward<Real>& a, const Real* dbias_parts);

}  // namespace carousel::cuda
