// The backward pass of a recurrent cell, from the last step to the first:
//
//   dh_t += Rᵀ dg_{t+1}        dg_t, dstate_{t−1} = Cell::step_back(dh_t, dstate_t)
//
// It leaves dg in memory and sums of it over time, from which the weights get their gradients.
#pragma once

#include "core/tensor.h"
#include "kernels/cuda/cluster.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/recurrence.h"
#include "kernels/cuda/recurrence_product.h"
#include "kernels/cuda/recurrence_steps.h"

namespace carousel::cuda {

// What a step back of a unit reads.
template <class Cell>
struct StepSaved {
  typename Cell::Saved saved;
  typename Cell::Real dh;
  bool reset;
};

template <class Cell>
__device__ StepSaved<Cell> load_step_back(const typename Cell::Backward& a, const Unit& u,
                                          std::int64_t t) {
  const auto& r = a.recurrence;
  if (!u.exists || t < 0) return {};
  return {load_saved<Cell>(a, u, t), r.dh[step_index(r, u, t)], resets(r, u, t)};
}

// dbias_parts, (B, 4, NH, DH): Σ_t dg of every sequence.
template <class Cell, int batch, bool clustered>
__global__ void __launch_bounds__(plan_threads)
    recurrence_backward_kernel(typename Cell::Backward a, Plan plan,
                               typename Cell::Real* dbias_parts) {
  using Real = typename Cell::Real;
  const auto& r = a.recurrence;
  const Cluster<clustered> cluster;
  const Unit u = find_unit(r, plan, cluster.rank());
  SharedMemory shared;
  const auto R = load_recurrent<Real>(shared, r, plan, u.head, cluster.rank());
  const auto dg = shared.take<Real>(4 * plan.units * batch);
  const int inbox_size = plan.cluster * row_parts * batch * plan.units;
  const auto inboxes = shared.take<Real>(2 * inbox_size);
  for (int i = static_cast<int>(threadIdx.x); i < 4 * plan.units * batch;
       i += static_cast<int>(blockDim.x))
    dg[i] = 0;

  Gates<Real> g{}, dbias{};
  typename Cell::State d{};
  Real carried = 0;  // the part of dh_t that comes from step t + 1
  if (u.exists) {
    d = final_gradient<Cell>(a, u);
    carried = r.dh_last[state_index(r, u)];
  }
  StepSaved<Cell> now = load_step_back<Cell>(a, u, r.S - 1);
  cluster.sync();
  for (std::int64_t t = r.S - 1; t >= 0; --t) {
    const StepSaved<Cell> next = load_step_back<Cell>(a, u, t - 1);
    if (u.exists) {
      Cell::step_back(a, now.saved, carried + now.dh, d, g);
      if (now.reset) d = {};
      const bool crosses = !now.reset && (t > 0 || r.h0 != nullptr);
      CAROUSEL_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        dg[(gate * plan.units + u.local) * batch + u.sequence] = crosses ? g.at[gate] : Real{0};
        dbias.at[gate] += g.at[gate];
      }
    }
    __syncthreads();
    const auto inbox = inboxes + t % 2 * inbox_size;
    if (!r.gradient.cut) send_back<batch>(plan, cluster, R, dg, inbox);
    cluster.sync();
    if (u.exists) {
      // Behind the barrier, which would wait for the stores.
      CAROUSEL_UNROLL
      for (int gate = 0; gate < 4; ++gate) r.dgates[gate_index(r, u, t) + gate * r.DH] = g.at[gate];
      carried = r.gradient.cut ? Real{0} : clipped(r.gradient, receive<batch>(plan, u, inbox));
    }
    now = next;
  }
  if (u.exists) finish_unit<Cell>(a, u, carried, d, dbias, dbias_parts);
}

template <class Cell>
void recurrence_backward(const typename Cell::Backward& a) {
  using Real = typename Cell::Real;
  const auto& r = a.recurrence;
  if (r.B * r.NH * r.DH == 0) return;
  const PassKernels<void (*)(typename Cell::Backward, Plan, Real*)> kernels{
      {recurrence_backward_kernel<Cell, 4, false>, recurrence_backward_kernel<Cell, 8, false>},
      {recurrence_backward_kernel<Cell, 4, true>, recurrence_backward_kernel<Cell, 8, true>}};
  const Plan plan = plan_backward(r, kernels.addresses());
  Tensor<Real> dbias_parts({r.B, 4, r.NH, r.DH}, Device::cuda);
  if (plan.cluster == 0) {
    backward_step_by_step<Cell>(a, dbias_parts.mutable_data());
  } else {
    launch({.cluster = static_cast<unsigned>(plan.cluster)}, kernels.of(plan.cluster, plan.batch),
           static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.threads),
           plan.shared_bytes, a, plan, dbias_parts.mutable_data());
  }
  add_recurrence_gradients(r, dbias_parts.data());
}

}  // namespace carousel::cuda
