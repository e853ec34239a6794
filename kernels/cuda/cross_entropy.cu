// A team of threads per row. Each thread reads its part of the logits once, and keeps their maximum
// so far and the sum of their exponentials, which it scales down when the maximum grows.
//
// Vocabularies have odd sizes, and then rows begin anywhere. Threads take packs that begin at
// multiples of 16 bytes; where a pack reaches out of the row, its elements are taken one by one.

#include <algorithm>
#include <limits>

#include "kernels/cross_entropy.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/team.h"

namespace carousel::cuda {

namespace {

template <class Real>
constexpr Real lowest = -std::numeric_limits<Real>::infinity();

// How far before a row its first aligned pack begins.
template <int width, class Real>
__device__ int before(const Real* row) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(row) / sizeof(Real) % width);
}

// Elements v, v + 1, … of a row of V; −∞ for those outside.
template <int width, class Real>
__device__ Elements<Real, width> load_inside(const Real* row, std::int64_t v, std::int64_t V) {
  if (v >= 0 && v + width <= V) return load<width>(row + v);
  Elements<Real, width> result;
  for (int k = 0; k < width; ++k)
    result.at[k] = v + k >= 0 && v + k < V ? row[v + k] : lowest<Real>;
  return result;
}

// max x and Σ exp(x − max), without a NaN where all logits so far are −∞.
template <class Real>
struct Softmax {
  Real max = lowest<Real>, sum = 0;

  __device__ Real shift() const { return max == lowest<Real> ? Real{0} : max; }

  // The same sum for a greater maximum.
  __device__ void raise(Real to) {
    const Real before = max;
    max = to;
    sum *= std::exp(before - shift());
  }
};

template <int width, class Real>
__global__ void forward_kernel(CrossEntropyForward<Real> a) {
  constexpr int packs = 4;  // read at once
  SharedMemory shared;
  const auto scratch = shared.take<Real>(most_warps);
  const std::int64_t n = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  const std::int32_t target = n < a.N ? a.targets[n] : -1;
  const Real* const x = a.logits + n * a.V;
  const std::int64_t V = target < 0 ? 0 : a.V, step = std::int64_t{blockDim.x} * width;
  Softmax<Real> row;
  for (std::int64_t first = std::int64_t{threadIdx.x} * width - before<width>(x); first < V;
       first += packs * step) {
    Elements<Real, width> part[packs];
    for (int p = 0; p < packs; ++p) part[p] = load_inside<width>(x, first + p * step, V);
    Real max = row.max;
    for (const auto& pack : part)
      for (const Real logit : pack.at) max = fmax(max, logit);
    row.raise(max);
    Real sum = 0;
    for (const auto& pack : part)
      for (const Real logit : pack.at) sum += std::exp(logit - row.shift());
    row.sum += sum;
  }
  row.raise(team_max(row.max, scratch));
  row.sum = team_sum(row.sum, scratch);
  if (threadIdx.x != 0 || n >= a.N) return;
  if (target < 0) {
    a.losses[n] = 0;
    return;
  }
  const Real log_sum = std::log(row.sum);
  a.max[n] = row.max;
  a.log_sum[n] = log_sum;
  a.losses[n] = log_sum - (x[target] - row.max);
}

// One block.
template <class Real>
__global__ void mean_kernel(const Real* losses, std::int64_t N, std::int64_t counted, Real* loss) {
  SharedMemory shared;
  const auto scratch = shared.take<double>(most_warps);
  double sum = 0;
  for (std::int64_t n = threadIdx.x; n < N; n += blockDim.x) sum += static_cast<double>(losses[n]);
  sum = team_sum(sum, scratch);
  if (threadIdx.x == 0) *loss = static_cast<Real>(sum / static_cast<double>(counted));
}

constexpr int packs_backward = 8;  // of one thread

// Blocks along y share a row.
template <int width, class Real>
__global__ void backward_kernel(CrossEntropyBackward<Real> a) {
  const std::int64_t n = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  const std::int32_t target = n < a.N ? a.targets[n] : -1;
  if (target < 0) return;
  const Real* const x = a.logits + n * a.V;
  Real* const dx = a.dlogits + n * a.V;
  const Real max = a.max[n], log_sum = a.log_sum[n];
  const Real scale = *a.dloss / static_cast<Real>(a.counted);
  const auto gradient = [&](std::int64_t v, Real logit) {
    return (std::exp(logit - max - log_sum) - (v == target ? Real{1} : Real{0})) * scale;
  };
  const std::int64_t step = std::int64_t{blockDim.x} * width;
  std::int64_t first = blockIdx.y * packs_backward * step + threadIdx.x * width - before<width>(x);
  for (int p = 0; p < packs_backward; ++p, first += step) {
    auto part = load_inside<width>(x, first, a.V);
    for (int k = 0; k < width; ++k) part.at[k] = gradient(first + k, part.at[k]);
    if (first >= 0 && first + width <= a.V) {
      add_to(dx + first, part);
    } else {
      for (int k = 0; k < width; ++k)
        if (first + k >= 0 && first + k < a.V) dx[first + k] += part.at[k];
    }
  }
}

// Threads of a team and teams of a block for rows of V logits.
template <class Real>
dim3 block_for(std::int64_t V) {
  const std::int64_t each = 4 * pack<Real>;
  const auto threads =
      static_cast<unsigned>(std::clamp<std::int64_t>((V / each + 31) / 32 * 32, 32, 512));
  return {threads, std::max(1u, 128 / threads)};
}

}  // namespace

template <class Real>
void cross_entropy_forward(const CrossEntropyForward<Real>& a) {
  const dim3 block = block_for<Real>(a.V);
  const auto grid = static_cast<unsigned>((a.N + block.y - 1) / block.y);
  if (grid > 0)
    launch(forward_kernel<pack<Real>, Real>, grid, block, shared_bytes<Real>(most_warps), a);
  launch(mean_kernel<Real>, 1, 1024, shared_bytes<double>(most_warps), a.losses, a.N, a.counted,
         a.loss);
}

template <class Real>
void cross_entropy_backward(const CrossEntropyBackward<Real>& a) {
  if (a.dlogits == nullptr || a.N * a.V == 0) return;
  const auto offset = [](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 16; };
  const bool wide = offset(a.logits) == offset(a.dlogits);
  const dim3 block = block_for<Real>(a.V);
  const std::int64_t width = wide ? pack<Real> : 1, each = packs_backward * block.x * width;
  // One pack more than the row has, since the first may begin before it.
  const dim3 grid(static_cast<unsigned>((a.N + block.y - 1) / block.y),
                  static_cast<unsigned>((a.V + width + each - 1) / each));
  launch(wide ? backward_kernel<pack<Real>, Real> : backward_kernel<1, Real>, grid, block, 0, a);
}

template void cross_entropy_forward(const CrossEntropyForward<float>&);
template void cross_entropy_forward(const CrossEntropyForward<double>&);
template void cross_entropy_backward(const CrossEntropyBackward<float>&);
template void cross_entropy_backward(const CrossEntropyBackward<double>&);

}  // namespace carousel::cuda
