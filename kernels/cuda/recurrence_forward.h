// The forward pass of a recurrent cell:
//
//   g_t = x_t + b + R h_{t−1}        h_t, state_t = Cell::step(g_t, state_{t−1})
//
// A Cell names its arguments and what one unit does; see slstm.cu and lstm.cu.
#pragma once

#include "kernels/cuda/cluster.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/recurrence.h"
#include "kernels/cuda/recurrence_product.h"
#include "kernels/cuda/recurrence_steps.h"

namespace carousel::cuda {

// What a step of a unit reads.
template <class Real>
struct StepInput {
  Gates<Real> x;
  bool reset;
};

template <class Real>
__device__ StepInput<Real> load_step(const RecurrenceForward<Real>& a, const Unit& u,
                                     std::int64_t t) {
  StepInput<Real> in{};
  if (!u.exists || t >= a.S) return in;
  CAROUSEL_UNROLL
  for (unsigned gate = 0; gate < 4; ++gate) in.x.at[gate] = a.x[gate][step_index(a, u, t)];
  in.reset = resets(a, u, t);
  return in;
}

// h before the first step, (batch, stride), and behind it room for that of the next.
template <int batch, class Real>
__device__ SharedPointer<Real> load_h(SharedMemory& shared, const RecurrenceForward<Real>& a,
                                      const Plan& plan, const Unit& u) {
  auto h = shared.take<Real>(2 * batch * plan.stride);
  const std::int64_t first = u.b - u.sequence;
  for (int i = static_cast<int>(threadIdx.x); i < 2 * batch * plan.stride;
       i += static_cast<int>(blockDim.x)) {
    const std::int64_t b = first + i / plan.stride, j = i % plan.stride;
    const bool there = a.h0 != nullptr && i < batch * plan.stride && b < a.B && j < a.DH &&
                       !(a.reset != nullptr && a.reset[b * a.S] != 0);
    h[i] = there ? a.h0[(b * a.NH + u.head) * a.DH + j] : Real{0};
  }
  return h;
}

template <class Cell, int batch, bool clustered>
__global__ void __launch_bounds__(plan_threads)
    recurrence_forward_kernel(typename Cell::Forward a, Plan plan) {
  using Real = typename Cell::Real;
  const auto& r = a.recurrence;
  const Cluster<clustered> cluster;
  const Unit u = find_unit(r, plan, cluster.rank());
  SharedMemory shared;
  const auto R = load_recurrent<Real>(shared, r, plan, u.head, cluster.rank());
  const auto hs = load_h<batch>(shared, r, plan, u);
  const auto mixed = shared.take<Real>(4 * batch * plan.units);

  Gates<Real> bias{}, g{};
  typename Cell::State state{};
  if (u.exists) {
    for (int gate = 0; gate < 4; ++gate)
      bias.at[gate] = r.bias[(gate * r.NH + u.head) * r.DH + u.j];
    state = Cell::initial(a, state_index(r, u));
  }
  StepInput<Real> in = load_step(r, u, 0);
  Real h = 0;
  cluster.sync();
  for (std::int64_t t = 0; t < r.S; ++t) {
    const StepInput<Real> next = load_step(r, u, t + 1);
    mix<batch>(plan, R, hs + t % 2 * batch * plan.stride, mixed);
    __syncthreads();
    if (u.exists) {
      CAROUSEL_UNROLL
      for (int gate = 0; gate < 4; ++gate) {
        const Real m = mixed[(gate * batch + u.sequence) * plan.units + u.local];
        g.at[gate] = in.x.at[gate] + bias.at[gate] + m;
      }
      if (in.reset) state = {};
      h = Cell::step(a, g, state);
      const auto place = hs + ((t + 1) % 2 * batch + u.sequence) * plan.stride + u.j;
      for (int rank = 0; rank < plan.cluster; ++rank)
        *cluster.at(place, rank) = next.reset ? Real{0} : h;
    }
    cluster.sync();
    // Behind the barrier, which would wait for the stores.
    if (u.exists) store_step<Cell>(a, u, t, g, state, h);
    in = next;
  }
}

template <class Cell>
void recurrence_forward(const typename Cell::Forward& a) {
  if (a.recurrence.B * a.recurrence.NH * a.recurrence.DH == 0) return;
  const PassKernels<void (*)(typename Cell::Forward, Plan)> kernels{
      {recurrence_forward_kernel<Cell, 4, false>, recurrence_forward_kernel<Cell, 8, false>},
      {recurrence_forward_kernel<Cell, 4, true>, recurrence_forward_kernel<Cell, 8, true>}};
  const Plan plan = plan_forward(a.recurrence, kernels.addresses());
  if (plan.cluster == 0) return forward_step_by_step<Cell>(a);
  launch({.cluster = static_cast<unsigned>(plan.cluster)}, kernels.of(plan.cluster, plan.batch),
         static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.threads), plan.shared_bytes,
         a, plan);
}

}  // namespace carousel::cuda
