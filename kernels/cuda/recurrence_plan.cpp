#include "kernels/cuda/recurrence_plan.h"

#include <cuda_runtime.h>

#include <algorithm>

#include "core/cuda/check.h"
#include "kernels/cuda/shared_memory.h"

namespace carousel::cuda {

namespace {

struct DeviceLimits {
  int multiprocessors, shared_per_block, shared_per_multiprocessor, largest_cluster;
};

const DeviceLimits& limits() {
  static const DeviceLimits all = [] {
    int device = 0;
    check(cudaGetDevice(&device), "device cuda");
    const auto ask = [device](cudaDeviceAttr attribute) {
      int value = 0;
      check(cudaDeviceGetAttribute(&value, attribute, device), "device cuda");
      return value;
    };
    return DeviceLimits{ask(cudaDevAttrMultiProcessorCount),
                        ask(cudaDevAttrMaxSharedMemoryPerBlockOptin),
                        ask(cudaDevAttrMaxSharedMemoryPerMultiprocessor),
                        ask(cudaDevAttrClusterLaunch) != 0 ? 8 : 1};
  }();
  return all;
}

struct Heads {
  std::int64_t B, NH, DH;
};

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// A team of this size, without regard to whether it fits. In 64 bits until that is known.
template <class Real>
Plan shape(const Heads& a, int cluster, int batch, bool backward) {
  constexpr auto width = static_cast<std::int64_t>(16 / sizeof(Real));
  const std::int64_t units = ceil_div(ceil_div(a.DH, cluster), 4) * 4;
  const std::int64_t stride = ceil_div(a.DH, width) * width, vectors = stride / width;
  const std::int64_t warps =
      std::max({units / 2, ceil_div(vectors, 8) * row_parts, ceil_div(units * batch, 32)});
  std::size_t bytes =
      shared_bytes<Real>(4 * units * stride) + shared_bytes<Real>(4 * units * batch);
  bytes += backward ? shared_bytes<Real>(2 * cluster * row_parts * batch * units)
                    : shared_bytes<Real>(2 * batch * stride);
  return {.cluster = cluster,
          .batch = batch,
          .units = static_cast<int>(units),
          .stride = static_cast<int>(stride),
          .threads = static_cast<int>(std::min<std::int64_t>(plan_threads, 32 * warps)),
          .shared_bytes = bytes,
          .blocks = cluster * a.NH * ceil_div(a.B, batch)};
}

bool fits(const Plan& plan) {
  return plan.shared_bytes <= static_cast<std::size_t>(limits().shared_per_block) &&
         plan.units * plan.batch <= plan.threads;  // one thread for every unit of a sequence
}

// The cycles of a step of all teams. For every two units and 64 columns a warp loads 16 lines of R
// and 2 of every sequence's h, and does 4 · 64 FMA a sequence on 128 of which a cycle goes; blocks
// that share a multiprocessor share those. Barriers and cells take the rest.
double cycles(const Plan& plan) {
  const auto per_multiprocessor = std::max<std::int64_t>(
      1, limits().shared_per_multiprocessor / static_cast<std::int64_t>(plan.shared_bytes + 1024));
  const auto sharing = ceil_div(plan.blocks, limits().multiprocessors);
  const auto together = std::min(sharing, per_multiprocessor);
  const double waves = static_cast<double>(ceil_div(sharing, together));
  const double product =
      plan.units / 2.0 * plan.stride / 64.0 * std::max(16 + 2 * plan.batch, 4 * plan.batch);
  const double rest = plan.cluster > 1 ? 1200 : 700;
  return waves * (static_cast<double>(together) * product + rest);
}

template <class Real>
Plan best_plan(const Heads& a, bool backward) {
  Plan best;
  if (a.DH > 4096) return best;  // far from fitting, and shapes stay small numbers
  for (int cluster = 1; cluster <= limits().largest_cluster; cluster *= 2) {
    for (const int batch : {4, 8}) {
      const Plan plan = shape<Real>(a, cluster, batch, backward);
      if (fits(plan) && (best.cluster == 0 || cycles(plan) < cycles(best))) best = plan;
    }
  }
  return best;
}

}  // namespace

template <class Real>
Plan plan_forward(const RecurrenceForward<Real>& a) {
  return best_plan<Real>({a.B, a.NH, a.DH}, false);
}

template <class Real>
Plan plan_backward(const RecurrenceBackward<Real>& a) {
  return best_plan<Real>({a.B, a.NH, a.DH}, true);
}

template Plan plan_forward(const RecurrenceForward<float>&);
template Plan plan_forward(const RecurrenceForward<double>&);
template Plan plan_backward(const RecurrenceBackward<float>&);
template Plan plan_backward(const RecurrenceBackward<double>&);

}  // namespace carousel::cuda
