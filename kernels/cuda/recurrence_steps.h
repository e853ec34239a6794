// A recurrence step by step: the product with R by cuBLAS, then a kernel with a thread for every
// unit. For heads whose R does not fit into the shared memory of a cluster.
#pragma once

#include "core/tensor.h"
#include "kernels/cuda/blas.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/recurrence.h"

namespace carousel::cuda {

// A thread for every unit of every head and sequence.
constexpr int unit_threads = 128;

template <class Args>
unsigned unit_blocks(const Args& a) {
  return static_cast<unsigned>((a.B * a.NH * a.DH + unit_threads - 1) / unit_threads);
}

template <class Args>
__device__ Unit own_unit(const Args& a) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  Unit u{};
  u.b = i / a.DH / a.NH;
  u.head = i / a.DH % a.NH;
  u.j = i % a.DH;
  u.exists = u.b < a.B;
  return u;
}

// carried, (B, NH, DH): h as the first step sees it.
template <class Real>
__global__ void __launch_bounds__(unit_threads)
    first_h_kernel(RecurrenceForward<Real> a, Real* carried) {
  const Unit u = own_unit(a);
  if (!u.exists) return;
  const std::int64_t i = state_index(a, u);
  carried[i] = a.h0 == nullptr || resets(a, u, 0) ? Real{0} : a.h0[i];
}

// Step t, for which the gates hold R h_{t−1}.
template <class Cell>
__global__ void __launch_bounds__(unit_threads)
    forward_step_kernel(typename Cell::Forward a, std::int64_t t, typename Cell::Real* carried) {
  using Real = typename Cell::Real;
  const auto& r = a.recurrence;
  const Unit u = own_unit(r);
  if (!u.exists) return;
  typename Cell::State state{};
  if (!resets(r, u, t)) state = state_before<Cell>(a, u, t);
  Gates<Real> g;
  for (unsigned gate = 0; gate < 4; ++gate) {
    const Real bias = r.bias[(gate * r.NH + u.head) * r.DH + u.j];
    g.at[gate] = r.x[gate][step_index(r, u, t)] + bias + r.gates[gate_index(r, u, t) + gate * r.DH];
  }
  const Real h = Cell::step(a, g, state);
  store_step<Cell>(a, u, t, g, state, h);
  carried[state_index(r, u)] = t + 1 < r.S && resets(r, u, t + 1) ? Real{0} : h;
}

template <class Cell>
void forward_step_by_step(const typename Cell::Forward& a) {
  using Real = typename Cell::Real;
  const auto& r = a.recurrence;
  const std::int64_t heads = r.NH * r.DH;
  Tensor<Real> carried({r.B, r.NH, r.DH}, Device::cuda);
  launch(first_h_kernel<Real>, unit_blocks(r), unit_threads, 0, r, carried.mutable_data());
  for (std::int64_t t = 0; t < r.S; ++t) {
    multiply(Product<Real>{
        .a = {carried.data(), heads, r.DH},
        .b = {r.recurrent, r.DH, 4 * r.DH * r.DH, true},
        .c = {r.gates + t * 4 * heads, r.S * 4 * heads, 4 * r.DH},
        .batch = r.NH,
        .M = r.B,
        .N = 4 * r.DH,
        .K = r.DH,
        .accumulate = false,
    });
    launch(forward_step_kernel<Cell>, unit_blocks(r), unit_threads, 0, a, t,
           carried.mutable_data());
  }
}

// What step_by_step backward keeps between its steps, for every unit (B, NH, DH).
template <class Cell>
struct Carried {
  typename Cell::Real* dh;  // Rᵀ dg of the step after
  typename Cell::Real* dg;  // (B, NH, 4·DH)  zero where nothing goes back
  typename Cell::State* d;
  Gates<typename Cell::Real>* dbias;
};

template <class Cell>
__global__ void __launch_bounds__(unit_threads)
    backward_step_kernel(typename Cell::Backward a, std::int64_t t, Carried<Cell> carried) {
  using Real = typename Cell::Real;
  const auto& r = a.recurrence;
  const Unit u = own_unit(r);
  if (!u.exists) return;
  const std::int64_t i = state_index(r, u);
  const bool last = t == r.S - 1;
  auto d = last ? final_gradient<Cell>(a, u) : carried.d[i];
  auto dbias = last ? Gates<Real>{} : carried.dbias[i];
  Real dh = last ? r.dh_last[i] : r.gradient.cut ? Real{0} : clipped(r.gradient, carried.dh[i]);
  dh += r.dh[step_index(r, u, t)];
  Gates<Real> g;
  Cell::step_back(a, load_saved<Cell>(a, u, t), dh, d, g);
  if (resets(r, u, t)) d = {};
  const bool crosses = !resets(r, u, t) && (t > 0 || r.h0 != nullptr);
  for (int gate = 0; gate < 4; ++gate) {
    r.dgates[gate_index(r, u, t) + gate * r.DH] = g.at[gate];
    carried.dg[4 * i - 3 * u.j + gate * r.DH] = crosses ? g.at[gate] : Real{0};
    dbias.at[gate] += g.at[gate];
  }
  carried.d[i] = d;
  carried.dbias[i] = dbias;
}

template <class Cell>
__global__ void __launch_bounds__(unit_threads)
    finish_kernel(typename Cell::Backward a, Carried<Cell> carried,
                  typename Cell::Real* dbias_parts) {
  using Real = typename Cell::Real;
  const auto& r = a.recurrence;
  const Unit u = own_unit(r);
  if (!u.exists) return;
  const std::int64_t i = state_index(r, u);
  const Real dh = r.gradient.cut ? Real{0} : clipped(r.gradient, carried.dh[i]);
  finish_unit<Cell>(a, u, dh, carried.d[i], carried.dbias[i], dbias_parts);
}

template <class Cell>
void backward_step_by_step(const typename Cell::Backward& a, typename Cell::Real* dbias_parts) {
  using Real = typename Cell::Real;
  using State = typename Cell::State;
  const auto& r = a.recurrence;
  const std::int64_t heads = r.NH * r.DH, units = r.B * heads;
  const auto state_size = static_cast<std::int64_t>(sizeof(State) / sizeof(Real));
  Tensor<Real> dh({units}, Device::cuda), dg({4 * units}, Device::cuda);
  Tensor<Real> d({state_size * units}, Device::cuda), dbias({4 * units}, Device::cuda);
  const Carried<Cell> carried{dh.mutable_data(), dg.mutable_data(),
                              reinterpret_cast<State*>(d.mutable_data()),
                              reinterpret_cast<Gates<Real>*>(dbias.mutable_data())};
  for (std::int64_t t = r.S - 1; t >= 0; --t) {
    launch(backward_step_kernel<Cell>, unit_blocks(r), unit_threads, 0, a, t, carried);
    if (r.gradient.cut) continue;
    multiply(Product<Real>{
        .a = {dg.data(), 4 * heads, 4 * r.DH},
        .b = {r.recurrent, r.DH, 4 * r.DH * r.DH},
        .c = {dh.mutable_data(), heads, r.DH},
        .batch = r.NH,
        .M = r.B,
        .N = r.DH,
        .K = 4 * r.DH,
        .accumulate = false,
    });
  }
  launch(finish_kernel<Cell>, unit_blocks(r), unit_threads, 0, a, carried, dbias_parts);
}

}  // namespace carousel::cuda
