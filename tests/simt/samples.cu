#include <cooperative_groups.h>
#include <mma.h>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"
#include "tests/simt/samples.h"

namespace carousel::samples {
namespace {

using cuda::launch;
using cuda::shared_bytes;
using cuda::SharedMemory;
namespace cg = cooperative_groups;
namespace wmma = nvcuda::wmma;

constexpr unsigned kAll = 0xffffffffu;

template <class Real>
__device__ __forceinline__ Real warp_sum(Real x) {
  for (int distance = 16; distance > 0; distance /= 2) x += __shfl_xor_sync(kAll, x, distance);
  return x;
}

template <class Real>
__global__ void __launch_bounds__(1024)
    sum_blocks_kernel(const Real* __restrict__ x, Real* __restrict__ sums, std::int64_t n) {
  SharedMemory shared;
  auto warps = shared.take<Real>(32);
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const Real sum = warp_sum(i < n ? __ldg(x + i) : Real(0));
  if (lane == 0) warps[warp] = sum;
  __syncthreads();
  if (warp == 0) {
    const Real total = warp_sum(lane < blockDim.x / 32 ? static_cast<Real>(warps[lane]) : Real(0));
    if (lane == 0) sums[blockIdx.x] = total;
  }
}

__global__ void scan_kernel(const int* x, int* y, unsigned n) {
  SharedMemory shared;
  auto sums = shared.take<int>(n);
  const unsigned i = threadIdx.x;
  sums[i] = x[i];
  for (unsigned distance = 1; distance < n; distance *= 2) {
    __syncthreads();
    const int before = i >= distance ? static_cast<int>(sums[i - distance]) : 0;
    __syncthreads();
    sums[i] += before;
  }
  y[i] = sums[i];
}

template <class Real>
__global__ void multiply_kernel(const Real* A, const Real* B, Real* C, std::int64_t M,
                                std::int64_t N, std::int64_t K) {
  SharedMemory shared;
  auto a = shared.take<Real>(16 * 17);
  auto b = shared.take<Real>(16 * 17);
  const unsigned r = threadIdx.y, c = threadIdx.x;
  const std::int64_t row = blockIdx.y * 16 + r, column = blockIdx.x * 16 + c;
  Real sum = 0;
  for (std::int64_t k = 0; k < K; k += 16) {
    a[r * 17 + c] = row < M && k + c < K ? A[row * K + k + c] : Real(0);
    b[r * 17 + c] = k + r < K && column < N ? B[(k + r) * N + column] : Real(0);
    __syncthreads();
    for (unsigned l = 0; l < 16; ++l) sum += a[r * 17 + l] * b[l * 17 + c];
    __syncthreads();
  }
  if (row < M && column < N) C[row * N + column] = sum;
}

// One warp for each 16 x 16 of C; A goes through shared memory, B does not.
__global__ void fragments_kernel(const __nv_bfloat16* A, const __nv_bfloat16* B, float* C,
                                 std::int64_t N, std::int64_t K) {
  SharedMemory shared;
  auto tile = shared.take<__nv_bfloat16>(16 * 16);
  const std::int64_t row = blockIdx.y * 16, column = blockIdx.x * 16;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
  wmma::fill_fragment(sum, 0.0f);
  for (std::int64_t k = 0; k < K; k += 16) {
    for (unsigned i = threadIdx.x; i < 256; i += 32) tile[i] = A[(row + i / 16) * K + k + i % 16];
    __syncwarp();
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> a;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::row_major> b;
    wmma::load_matrix_sync(a, tile, 16);
    wmma::load_matrix_sync(b, B + k * N + column, static_cast<unsigned>(N));
    wmma::mma_sync(sum, a, b, sum);
    __syncwarp();
  }
  wmma::store_matrix_sync(C + row * N + column, sum, static_cast<unsigned>(N), wmma::mem_row_major);
}

__global__ void rotate_kernel(int* x, int* y, unsigned n, int rounds) {
  const auto grid = cg::this_grid();
  for (int round = 0; round < rounds; ++round) {
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
      y[i] = x[(i + 1) % n] + 1;
    grid.sync();
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
      x[i] = y[i];
    grid.sync();
  }
}

__global__ void sum_clusters_kernel(int* sums) {
  SharedMemory shared;
  auto mine = shared.take<int>(1);
  const auto cluster = cg::this_cluster();
  if (threadIdx.x == 0) mine[0] = static_cast<int>(cluster.block_rank()) + 1;
  cluster.sync();
  if (threadIdx.x == 0) {
    int sum = 0;
    for (unsigned rank = 0; rank < cluster.num_blocks(); ++rank)
      sum += cluster.map_shared_rank(mine, rank)[0];
    sums[blockIdx.x] = sum;
  }
  cluster.sync();  // nobody leaves while others read
}

__global__ void histogram_kernel(const int* x, int* counts, std::int64_t n) {
  SharedMemory shared;
  auto mine = shared.take<int>(16);
  if (threadIdx.x < 16) mine[threadIdx.x] = 0;
  __syncthreads();
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) atomicAdd(&mine[x[i]], 1);
  __syncthreads();
  if (threadIdx.x < 16) atomicAdd(counts + threadIdx.x, static_cast<int>(mine[threadIdx.x]));
}

__global__ void votes_kernel(unsigned* results) {
  const int even = threadIdx.x % 2 == 0, yes = 1;
  const unsigned ballot = __ballot_sync(kAll, even);
  const int any = __any_sync(kAll, even), all = __all_sync(kAll, even);
  const int one = __syncthreads_or(threadIdx.x == 5), each = __syncthreads_and(yes);
  const int count = __syncthreads_count(even);
  const int first = __shfl_sync(kAll, static_cast<int>(threadIdx.x), 0);
  const int up = __shfl_up_sync(kAll, static_cast<int>(threadIdx.x), 1);
  const int down = __shfl_down_sync(kAll, static_cast<int>(threadIdx.x), 1, 8);
  if (threadIdx.x != 39) return;
  const int all_results[] = {any, all, one, each, count, first, up, down};
  results[0] = ballot;
  for (int i = 0; i < 8; ++i) results[i + 1] = static_cast<unsigned>(all_results[i]);
}

__global__ void quadruple_kernel(const float* x, float* y, unsigned n) {
  SharedMemory shared;
  auto tile = shared.take<float>(n);
  auto vectors = cuda::as_vectors<float4>(tile);
  const unsigned i = threadIdx.x;
  if (4 * i < n) vectors[i] = cuda::as_vectors<float4>(x)[i];
  __syncthreads();
  for (unsigned j = i; j < n; j += blockDim.x) tile[j] *= 4.0f;
  __syncthreads();
  if (4 * i < n) cuda::as_vectors<float4>(y)[i] = vectors[i];
}

__global__ void increment_kernel(int* x, std::int64_t n) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) ++x[i];
}

__global__ void meet_often_kernel(int* x, int rounds) {
  for (int round = 0; round < rounds; ++round) __syncthreads();
  if (threadIdx.x == 0) x[blockIdx.x] = rounds;
}

unsigned blocks_for(std::int64_t n, unsigned threads) {
  return static_cast<unsigned>((n + threads - 1) / threads);
}

}  // namespace

template <class Real>
void sum_blocks(const Real* x, Real* sums, std::int64_t n, unsigned threads) {
  launch(sum_blocks_kernel<Real>, blocks_for(n, threads), threads, shared_bytes<Real>(32), x, sums,
         n);
}
template void sum_blocks(const float*, float*, std::int64_t, unsigned);
template void sum_blocks(const double*, double*, std::int64_t, unsigned);

void scan(const int* x, int* y, unsigned n) {
  launch(scan_kernel, 1, n, shared_bytes<int>(n), x, y, n);
}

template <class Real>
void multiply(const Real* A, const Real* B, Real* C, std::int64_t M, std::int64_t N,
              std::int64_t K) {
  launch(multiply_kernel<Real>, dim3(blocks_for(N, 16), blocks_for(M, 16)), dim3(16, 16),
         2 * shared_bytes<Real>(16 * 17), A, B, C, M, N, K);
}
template void multiply(const float*, const float*, float*, std::int64_t, std::int64_t,
                       std::int64_t);
template void multiply(const double*, const double*, double*, std::int64_t, std::int64_t,
                       std::int64_t);

void multiply_fragments(const __nv_bfloat16* A, const __nv_bfloat16* B, float* C, std::int64_t M,
                        std::int64_t N, std::int64_t K) {
  launch(fragments_kernel, dim3(blocks_for(N, 16), blocks_for(M, 16)), 32,
         shared_bytes<__nv_bfloat16>(256), A, B, C, N, K);
}

void rotate(int* x, int* y, unsigned n, unsigned blocks, int rounds) {
  cuda::Together together;
  together.grid = true;
  launch(together, rotate_kernel, blocks, 64, 0, x, y, n, rounds);
}

void sum_clusters(int* sums, unsigned blocks, unsigned cluster) {
  cuda::Together together;
  together.cluster = cluster;
  launch(together, sum_clusters_kernel, blocks, 64, shared_bytes<int>(1), sums);
}

void histogram(const int* x, int* counts, std::int64_t n) {
  launch(histogram_kernel, blocks_for(n, 128), 128, shared_bytes<int>(16), x, counts, n);
}

void votes(unsigned* results, unsigned threads) { launch(votes_kernel, 1, threads, 0, results); }

void quadruple(const float* x, float* y, unsigned n) {
  launch(quadruple_kernel, 1, 64, shared_bytes<float>(n), x, y, n);
}

void increment(int* x, std::int64_t n) {
  launch(increment_kernel, blocks_for(n, 256), 256, 0, x, n);
}

void meet_often(int* x, unsigned blocks, unsigned threads, int rounds) {
  launch(meet_often_kernel, blocks, threads, 0, x, rounds);
}

}  // namespace carousel::samples
