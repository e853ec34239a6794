// The products with R of a step, by the blocks of a cluster.
#pragma once

#include "kernels/cuda/elements.h"
#include "kernels/cuda/recurrence.h"
#include "kernels/cuda/recurrence_plan.h"
#include "kernels/cuda/shared_memory.h"

namespace carousel::cuda {

// Rows gate·units + unit of R, each `stride` long, with zeros where nothing is.
template <class Real, class Args>
__device__ SharedPointer<Real> load_recurrent(SharedMemory& shared, const Args& a, const Plan& plan,
                                              std::int64_t head, int rank) {
  const int n = 4 * plan.units * plan.stride;
  auto R = shared.take<Real>(n);
  for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x)) {
    const int row = i / plan.stride, in = i % plan.stride, gate = row / plan.units;
    const std::int64_t out = std::int64_t{rank} * plan.units + row % plan.units;
    const bool exists = out < a.DH && in < a.DH;
    R[i] = exists ? a.recurrent[((head * 4 + gate) * a.DH + out) * a.DH + in] : Real{0};
  }
  return R;
}

// Sums of n numbers over `lanes` lanes, `apart` lanes apart, of which this is number `lane`. It
// gets those from n / lanes · lane on, in the front of v; where there are less than one for each,
// several get the same.
template <int n, int lanes, int apart, class Real>
__device__ __forceinline__ void sum_over_lanes(Real* v, int lane) {
  if constexpr (lanes > 1) {
    constexpr int half = lanes / 2, kept = n > 1 ? n / 2 : 1;
    const bool upper = (lane & half) != 0;
    CAROUSEL_UNROLL
    for (int i = 0; i < kept; ++i) {
      const Real keep = upper ? v[n - kept + i] : v[i], give = upper ? v[i] : v[n - kept + i];
      v[i] = keep + __shfl_xor_sync(0xffffffffu, give, half * apart);
    }
    sum_over_lanes<kept, half, apart>(v, lane);
  }
}

// mixed[gate, sequence, unit] = (R h)[gate, unit] for h, (batch, stride). 16 lanes share a unit;
// each takes every 16th vector of its rows.
template <int batch, class Real>
__device__ void mix(const Plan& plan, SharedPointer<Real> R, SharedPointer<Real> h,
                    SharedPointer<Real> mixed) {
  constexpr int width = pack<Real>, lanes = 16, n = 4 * batch;
  using Vector = Elements<Real, width>;
  const auto rows = as_vectors<Vector>(R), hs = as_vectors<Vector>(h);
  const int vectors = plan.stride / width, lane = static_cast<int>(threadIdx.x) % lanes;
  const int groups = static_cast<int>(blockDim.x) / lanes;
  for (int unit = static_cast<int>(threadIdx.x) / lanes; unit < plan.units; unit += groups) {
    Real sum[n]{};
    for (int i = lane; i < vectors; i += lanes) {
      Vector r[4];
      CAROUSEL_UNROLL
      for (int gate = 0; gate < 4; ++gate) r[gate] = rows[(gate * plan.units + unit) * vectors + i];
      CAROUSEL_UNROLL
      for (int b = 0; b < batch; ++b) {
        const Vector x = hs[b * vectors + i];
        CAROUSEL_UNROLL
        for (int gate = 0; gate < 4; ++gate) {
          CAROUSEL_UNROLL
          for (int k = 0; k < width; ++k) sum[gate * batch + b] += r[gate].at[k] * x.at[k];
        }
      }
    }
    sum_over_lanes<n, lanes, 1>(sum, lane);
    CAROUSEL_UNROLL
    for (int i = 0; i < n / lanes; ++i)
      mixed[(lane * (n / lanes) + i) * plan.units + unit] = sum[i];
  }
}

// Sends every block of the cluster its units of Rᵀ dg over the rows of this one, dg (row, batch),
// into its inbox, (rank, part, batch, units). 8 lanes take neighbouring vectors of a row, 4 times 8
// every fourth row.
template <int batch, class Real, class Cluster>
__device__ void send_back(const Plan& plan, const Cluster& cluster, SharedPointer<Real> R,
                          SharedPointer<Real> dg, SharedPointer<Real> inbox) {
  constexpr int width = pack<Real>, groups = 4, columns = 8;
  constexpr int n = batch * width, each = batch / groups;  // sequences that a lane ends up with
  using Vector = Elements<Real, width>;
  const auto rows = as_vectors<Vector>(R), gates = as_vectors<Vector>(dg);
  const int vectors = plan.stride / width, part_rows = 4 * plan.units / row_parts;
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, group = lane / columns;
  const int tasks = (vectors + columns - 1) / columns * row_parts;
  for (int task = thread / 32; task < tasks; task += static_cast<int>(blockDim.x) / 32) {
    const int vector = task / row_parts * columns + lane % columns, part = task % row_parts;
    const bool exists = vector < vectors;
    Real sum[n]{};
    for (int row = exists ? group : part_rows; row < part_rows; row += groups) {
      const int at = part * part_rows + row;
      const Vector r = rows[at * vectors + vector];
      CAROUSEL_UNROLL
      for (int b = 0; b < batch; b += width) {
        const Vector d = gates[(at * batch + b) / width];
        CAROUSEL_UNROLL
        for (int i = 0; i < width; ++i) {
          CAROUSEL_UNROLL
          for (int k = 0; k < width; ++k) sum[(b + i) * width + k] += d.at[i] * r.at[k];
        }
      }
    }
    sum_over_lanes<n, groups, columns>(sum, group);
    if (!exists) continue;
    const int in = vector * width, from = cluster.rank() * row_parts + part;
    const auto to = as_vectors<Vector>(cluster.at(inbox, in / plan.units));
    CAROUSEL_UNROLL
    for (int i = 0; i < each; ++i) {
      Vector v;
      CAROUSEL_UNROLL
      for (int k = 0; k < width; ++k) v.at[k] = sum[i * width + k];
      to[((from * batch + group * each + i) * plan.units + in % plan.units) / width] = v;
    }
  }
}

// What has arrived for a unit, added up in the order of the senders.
template <int batch, class Real>
__device__ Real receive(const Plan& plan, const Unit& u, SharedPointer<Real> inbox) {
  Real sum = 0;
  for (int from = 0; from < plan.cluster * row_parts; ++from)
    sum += inbox[(from * batch + u.sequence) * plan.units + u.local];
  return sum;
}

}  // namespace carousel::cuda
