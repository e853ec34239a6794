// Radix sort: for each digit of the keys, the lowest first, the order so far is cut into the parts
// of the warps. Each warp counts its digits; a prefix sum over (digit, warp) says where the first
// element of each digit of each warp goes, and the others follow in order.

#include <bit>
#include <utility>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/sort.h"
#include "kernels/cuda/team.h"

namespace carousel::cuda {

namespace {

constexpr int bits = 8, digits = 1 << bits;
constexpr int warps = 8;                      // of a block
constexpr std::int64_t part = 8 * 32;         // of the order, of one warp
constexpr std::int64_t chunk = warps * part;  // of one block

// The order so far, before the first digit that of the places themselves, and one digit of each
// key.
struct Digits {
  const std::int32_t* keys;   // (N)
  const std::int32_t* order;  // (N)  null: 0, 1, …
  std::int64_t N;
  int shift;

  __device__ std::int32_t place(std::int64_t i) const {
    return order == nullptr ? static_cast<std::int32_t>(i) : order[i];
  }
  __device__ unsigned at(std::int32_t place) const {
    return static_cast<unsigned>(keys[place]) >> shift & (digits - 1);
  }
};

// The lanes among `lanes` that have the same digit as this one.
__device__ unsigned equals(unsigned lanes, unsigned digit) {
  for (int bit = 0; bit < bits; ++bit) {
    const unsigned set = __ballot_sync(all_lanes, digit >> bit & 1);
    lanes &= (digit >> bit & 1) != 0 ? set : ~set;
  }
  return lanes;
}

// Goes over the warp's part of the order, 32 places at a time. Calls visit(place, digit, rank)
// for each: rank counts the equal digits before it, from what `counts`, of the warp, holds at
// first.
template <class Visit>
__device__ void rank_digits(const Digits& d, SharedPointer<int> counts, const Visit& visit) {
  const unsigned lane = threadIdx.x % 32;
  const std::int64_t begin = blockIdx.x * chunk + threadIdx.x / 32 * part;
  for (std::int64_t first = begin; first < begin + part; first += 32) {
    const bool inside = first + lane < d.N;
    const std::int32_t place = inside ? d.place(first + lane) : 0;
    const unsigned digit = inside ? d.at(place) : 0;
    const unsigned same = equals(__ballot_sync(all_lanes, inside), digit);
    const unsigned before = same & ((1u << lane) - 1);
    const int count = inside ? counts[digit] : 0;
    __syncwarp();
    if (inside) {
      visit(place, digit, count + __popc(before));
      if (before == 0) counts[digit] = count + __popc(same);
    }
    __syncwarp();
  }
}

// counts of each warp, (warps, digits) in shared memory, start from zero.
__device__ SharedPointer<int> zero_counts(SharedMemory& shared) {
  const auto counts = shared.take<int>(warps * digits);
  for (unsigned warp = 0; warp < warps; ++warp) counts[warp * digits + threadIdx.x] = 0;
  __syncthreads();
  return counts;
}

// starts, (digits, blocks): how many places of the block have the digit.
__global__ void count_kernel(Digits d, std::int32_t* starts) {
  SharedMemory shared;
  const auto counts = zero_counts(shared);
  rank_digits(d, counts + threadIdx.x / 32 * digits, [](std::int32_t, unsigned, int) {});
  __syncthreads();
  int sum = 0;
  for (unsigned warp = 0; warp < warps; ++warp) sum += counts[warp * digits + threadIdx.x];
  starts[threadIdx.x * gridDim.x + blockIdx.x] = sum;
}

// n counts become the sums of those before them; one block.
__global__ void __launch_bounds__(1024) prefix_kernel(std::int32_t* counts, std::int64_t n) {
  SharedMemory shared;
  const auto sums = shared.take<int>(blockDim.x);
  const std::int64_t each = (n + blockDim.x - 1) / blockDim.x;
  const std::int64_t begin = threadIdx.x * each, end = min(n, begin + each);
  int mine = 0;
  for (std::int64_t i = begin; i < end; ++i) mine += counts[i];
  int before = mine;
  for (unsigned reach = 1; reach < blockDim.x; reach *= 2) {
    sums[threadIdx.x] = before;
    __syncthreads();
    if (threadIdx.x >= reach) {
      const int other = sums[threadIdx.x - reach];
      before += other;
    }
    __syncthreads();
  }
  before -= mine;
  for (std::int64_t i = begin; i < end; ++i) before += std::exchange(counts[i], before);
}

__global__ void place_kernel(Digits d, const std::int32_t* starts, std::int32_t* sorted) {
  SharedMemory shared;
  const auto counts = zero_counts(shared);
  const auto mine = counts + threadIdx.x / 32 * digits;
  rank_digits(d, mine, [](std::int32_t, unsigned, int) {});
  __syncthreads();
  int start = starts[threadIdx.x * gridDim.x + blockIdx.x];
  for (unsigned warp = 0; warp < warps; ++warp) {
    const int count = counts[warp * digits + threadIdx.x];
    counts[warp * digits + threadIdx.x] = start;
    start += count;
  }
  __syncthreads();
  rank_digits(d, mine, [&](std::int32_t place, unsigned, int rank) { sorted[rank] = place; });
}

}  // namespace

Tensor<std::int32_t> sorted_places(const std::int32_t* keys, std::int64_t N, std::int64_t bound) {
  const auto blocks = static_cast<unsigned>((N + chunk - 1) / chunk);
  Tensor<std::int32_t> sorted({N}, Device::cuda), other({N}, Device::cuda);
  Tensor<std::int32_t> starts({digits, blocks}, Device::cuda);
  if (N == 0) return sorted;
  const auto shared = shared_bytes<int>(warps * digits);
  const auto width = static_cast<int>(std::bit_width(static_cast<std::uint32_t>(bound - 1)));
  for (int shift = 0; shift == 0 || shift < width; shift += bits) {
    const Digits d{keys, shift == 0 ? nullptr : other.data(), N, shift};
    launch(count_kernel, blocks, digits, shared, d, starts.mutable_data());
    launch(prefix_kernel, 1, 1024, shared_bytes<int>(1024), starts.mutable_data(),
           std::int64_t{digits} * blocks);
    launch(place_kernel, blocks, digits, shared, d, starts.data(), sorted.mutable_data());
    std::swap(sorted, other);
  }
  return other;
}

}  // namespace carousel::cuda
