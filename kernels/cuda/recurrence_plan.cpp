#include "kernels/cuda/recurrence_plan.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/cuda/check.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"

namespace carousel::cuda {

namespace {

using Addresses = PassKernels<const void*>;

struct DeviceLimits {
  int multiprocessors, shared_per_block, largest_cluster;
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
                        ask(cudaDevAttrClusterLaunch) != 0 ? 8 : 1};
  }();
  return all;
}

struct Heads {
  std::int64_t B, NH, DH;
};

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The plan for clusters of this size, without regard to whether it fits. In 64 bits until that is
// known.
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

// Clusters that the device has room for at once.
int clusters_at_once(const Plan& plan, const void* kernel) {
  constexpr const char* what = "device cuda: plan of a recurrence";
  check(detail::allow_shared(kernel, plan.shared_bytes), what);
  int n = 0;
  if (plan.cluster == 1) {
    check(
        cudaOccupancyMaxActiveBlocksPerMultiprocessor(&n, kernel, plan.threads, plan.shared_bytes),
        what);
    return n * limits().multiprocessors;
  }
  cudaLaunchAttribute attribute;
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim = {static_cast<unsigned>(plan.cluster), 1, 1};
  cudaLaunchConfig_t config{};
  config.gridDim = static_cast<unsigned>(plan.blocks);
  config.blockDim = static_cast<unsigned>(plan.threads);
  config.dynamicSmemBytes = plan.shared_bytes;
  config.attrs = &attribute;
  config.numAttrs = 1;
  check(cudaOccupancyMaxActiveClusters(&n, kernel, &config), what);
  return n;
}

// The cycles of a step of all clusters. For every two units and 64 columns a warp loads 16 lines of
// R and 2 of every sequence's h, and does 8 · 64 FMA a sequence, of which 128 go in a cycle; blocks
// that share a multiprocessor share those. Barriers and cells take the rest.
double cycles(const Plan& plan, int at_once) {
  const std::int64_t clusters = plan.blocks / plan.cluster, waves = ceil_div(clusters, at_once);
  const auto together =
      ceil_div(std::min<std::int64_t>(clusters, at_once) * plan.cluster, limits().multiprocessors);
  const double product =
      plan.units / 2.0 * plan.stride / 64.0 * std::max(16 + 2 * plan.batch, 4 * plan.batch);
  const double rest = plan.cluster > 1 ? 1200 : 700;
  return static_cast<double>(waves) * (static_cast<double>(together) * product + rest);
}

template <class Real>
Plan find_plan(const Heads& a, const Addresses& kernels, bool backward) {
  Plan best;
  double fewest = 0;
  if (a.DH > 4096) return best;  // far from fitting, and shapes stay small numbers
  for (int cluster = 1; cluster <= limits().largest_cluster; cluster *= 2) {
    for (const int batch : {4, 8}) {
      const Plan plan = shape<Real>(a, cluster, batch, backward);
      if (!fits(plan)) continue;
      const int at_once = clusters_at_once(plan, kernels.of(cluster, batch));
      if (at_once == 0) continue;
      const double needed = cycles(plan, at_once);
      if (best.cluster > 0 && needed >= fewest) continue;
      best = plan;
      fewest = needed;
    }
  }
  return best;
}

// The device is asked once for every shape.
template <class Real>
Plan best_plan(const Heads& a, const Addresses& kernels, bool backward) {
  using Key = std::tuple<const void*, std::int64_t, std::int64_t, std::int64_t>;
  static thread_local std::map<Key, Plan> plans;
  const Key key{kernels.alone[0], a.B, a.NH, a.DH};
  const auto known = plans.find(key);
  if (known != plans.end()) return known->second;
  return plans[key] = find_plan<Real>(a, kernels, backward);
}

}  // namespace

template <class Real>
Plan plan_forward(const RecurrenceForward<Real>& a, const Addresses& kernels) {
  return best_plan<Real>({a.B, a.NH, a.DH}, kernels, false);
}

template <class Real>
Plan plan_backward(const RecurrenceBackward<Real>& a, const Addresses& kernels) {
  return best_plan<Real>({a.B, a.NH, a.DH}, kernels, true);
}

template Plan plan_forward(const RecurrenceForward<float>&, const Addresses&);
template Plan plan_forward(const RecurrenceForward<double>&, const Addresses&);
template Plan plan_backward(const RecurrenceBackward<float>&, const Addresses&);
template Plan plan_backward(const RecurrenceBackward<double>&, const Addresses&);

}  // namespace carousel::cuda
