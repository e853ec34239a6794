// A block sums over axis n for some neighbours (outer, inner): its threads stand in x along inner,
// in y along n and in z along outer. Where n is long it is cut into ranges of fixed size; their
// sums are a matrix (ranges, outer · inner), of which the columns are summed in turn.

#include <algorithm>
#include <bit>

#include "core/tensor.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/team.h"
#include "kernels/reduce.h"

namespace carousel::cuda {

namespace {

constexpr std::int64_t threads = 1024;
constexpr std::int64_t most_terms = 64;  // that one thread adds up

// partial: (ranges, outer, inner); null where there is one range, whose sums go to y.
template <class Real>
__global__ void __launch_bounds__(1024)
    sum_kernel(ReduceSum<Real> a, std::int64_t range, Wide<Real>* partial) {
  SharedMemory shared;
  const auto scratch = shared.take<Wide<Real>>(blockDim.x * blockDim.y * blockDim.z);
  const std::int64_t tiles = (a.inner + blockDim.x - 1) / blockDim.x;
  const std::int64_t i = blockIdx.x % tiles * blockDim.x + threadIdx.x;
  const std::int64_t outer = blockIdx.x / tiles * blockDim.z + threadIdx.z;
  const bool inside = i < a.inner && outer < a.outer;
  Wide<Real> sum = 0;
  if (inside) {
    const std::int64_t begin = blockIdx.y * range, end = min(a.n, begin + range);
    const Real* const x = a.x + outer * a.n * a.inner + i;
    for (std::int64_t n = begin + threadIdx.y; n < end; n += blockDim.y) sum += x[n * a.inner];
  }
  sum = column_sum(sum, scratch);
  if (!inside || threadIdx.y != 0) return;
  const std::int64_t at = outer * a.inner + i;
  if (partial != nullptr) {
    partial[blockIdx.y * a.outer * a.inner + at] = sum;
  } else {
    a.y[at] += static_cast<Wide<Real>>(a.factor) * sum;
  }
}

// The least power of 2 that is not below n, at most `most`.
std::int64_t power_of_two(std::int64_t n, std::int64_t most) {
  return n >= most ? most : static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(n)));
}

template <class Real>
struct Broadcast {
  ReduceBroadcast<Real> a;
  Wide<Real> factor;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto x = load<width>(a.x + i);
    const auto y = load<width>(a.y + i / (a.n * a.inner) * a.inner + i % a.inner);
    for (int k = 0; k < width; ++k) x.at[k] += factor * y.at[k];
    store(a.x + i, x);
  }
};

}  // namespace

template <class Real>
void reduce_sum(const ReduceSum<Real>& a) {
  if (a.y == nullptr || a.outer * a.n * a.inner == 0) return;
  const std::int64_t x = power_of_two(a.inner, 32);
  const std::int64_t y = power_of_two(a.n, threads / x);
  const std::int64_t z = power_of_two(a.outer, std::min<std::int64_t>(64, threads / (x * y)));
  // Launches count the ranges along y, where there may be 65535.
  const std::int64_t range = std::max(y * most_terms, (a.n + 65534) / 65535);
  const std::int64_t ranges = (a.n + range - 1) / range;
  Tensor<Wide<Real>> partial;
  if (ranges > 1) partial = Tensor<Wide<Real>>({ranges, a.outer, a.inner}, Device::cuda);
  const dim3 grid(static_cast<unsigned>((a.inner + x - 1) / x * ((a.outer + z - 1) / z)),
                  static_cast<unsigned>(ranges));
  const dim3 block(static_cast<unsigned>(x), static_cast<unsigned>(y), static_cast<unsigned>(z));
  launch(sum_kernel<Real>, grid, block, shared_bytes<Wide<Real>>(x * y * z), a, range,
         partial.mutable_data());
  if (ranges == 1) return;
  reduce_sum(ReduceSum<Wide<Real>>{.x = partial.data(),
                                   .y = a.y,
                                   .outer = 1,
                                   .n = ranges,
                                   .inner = a.outer * a.inner,
                                   .factor = a.factor});
}

template <class Real>
void reduce_broadcast(const ReduceBroadcast<Real>& a) {
  if (a.x == nullptr) return;
  for_each_element<Real>(a.outer * a.n * a.inner, {a.x, a.y},
                         Broadcast<Real>{a, static_cast<Wide<Real>>(a.factor)}, {a.inner});
}

template void reduce_sum(const ReduceSum<float>&);
template void reduce_sum(const ReduceSum<double>&);
template void reduce_sum(const ReduceSum<bf16>&);
template void reduce_broadcast(const ReduceBroadcast<float>&);
template void reduce_broadcast(const ReduceBroadcast<double>&);
template void reduce_broadcast(const ReduceBroadcast<bf16>&);

}  // namespace carousel::cuda
