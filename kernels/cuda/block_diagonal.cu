// Blocks of 4 by 4 have kernels of their own, which take no longer than memory does: a thread keeps
// the matrix of one block while it goes through some rows. Larger blocks are products of matrices,
// one for each block, with weights as narrow as what they multiply.

#include <algorithm>
#include <type_traits>

#include "core/tensor.h"
#include "kernels/block_diagonal.h"
#include "kernels/cuda/blas.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/row_sums.h"
#include "kernels/cuda/unroll.h"

namespace carousel::cuda {

namespace {

constexpr int size = 4, threads = 128;
constexpr std::int64_t part_rows = 64;  // that one thread goes through

template <class Real>
struct Vector {
  Real at[size];
};

// Four neighbours, at a multiple of their bytes.
template <class Real>
constexpr int vector_pack = std::min(size, pack<Real>);
template <class Real>
__device__ Vector<Wide<Real>> load_vector(const Real* p) {
  constexpr int width = vector_pack<Real>;
  Vector<Wide<Real>> v;
  CAROUSEL_UNROLL
  for (int i = 0; i < size; i += width) {
    const auto part = load<width>(p + i);
    CAROUSEL_UNROLL
    for (int k = 0; k < width; ++k) v.at[i + k] = part.at[k];
  }
  return v;
}

template <class Real>
__device__ void store_vector(Real* p, const Vector<Wide<Real>>& v) {
  constexpr int width = vector_pack<Real>;
  CAROUSEL_UNROLL
  for (int i = 0; i < size; i += width) {
    Elements<Wide<Real>, width> part;
    CAROUSEL_UNROLL
    for (int k = 0; k < width; ++k) part.at[k] = v.at[i + k];
    store(p + i, part);
  }
}

// The matrix of one block, and the rows that a thread goes through.
struct Task {
  std::int64_t block, begin, end;
};

__device__ Task find_task(std::int64_t N) {
  const std::int64_t begin = blockIdx.x * part_rows;
  return {std::int64_t{blockIdx.y} * blockDim.x + threadIdx.x, begin, min(N, begin + part_rows)};
}

template <class Real>
__global__ void __launch_bounds__(threads) forward_kernel(BlockDiagonalForward<Real> a) {
  const auto [block, begin, end] = find_task(a.N);
  if (block >= a.K) return;
  Vector<Wide<Real>> W[size], bias{};
  for (int o = 0; o < size; ++o) W[o] = load_vector(a.weight + (block * size + o) * size);
  if (a.bias != nullptr) bias = load_vector(a.bias + block * size);
  for (std::int64_t n = begin; n < end; ++n) {
    const std::int64_t at = (n * a.K + block) * size;
    const auto x = load_vector(a.x + at);
    auto y = bias;
    CAROUSEL_UNROLL
    for (int o = 0; o < size; ++o) {
      CAROUSEL_UNROLL
      for (int i = 0; i < size; ++i) y.at[o] += W[o].at[i] * x.at[i];
    }
    store_vector(a.y + at, y);
  }
}

// One pass over dy and x for both gradients. sums, (parts, K, 4, 4): dW over 64 rows; null: not
// wanted.
template <class Real>
__global__ void __launch_bounds__(threads)
    backward_kernel(BlockDiagonalBackward<Real> a, Wide<Real>* sums) {
  const auto [block, begin, end] = find_task(a.N);
  if (block >= a.K) return;
  Vector<Wide<Real>> W[size], dW[size]{};
  for (int o = 0; o < size; ++o) W[o] = load_vector(a.weight + (block * size + o) * size);
  for (std::int64_t n = begin; n < end; ++n) {
    const std::int64_t at = (n * a.K + block) * size;
    const auto dy = load_vector(a.dy + at);
    if (sums != nullptr) {
      const auto x = load_vector(a.x + at);
      CAROUSEL_UNROLL
      for (int o = 0; o < size; ++o) {
        CAROUSEL_UNROLL
        for (int i = 0; i < size; ++i) dW[o].at[i] += dy.at[o] * x.at[i];
      }
    }
    if (a.dx != nullptr) {
      auto dx = load_vector(a.dx + at);
      CAROUSEL_UNROLL
      for (int o = 0; o < size; ++o) {
        CAROUSEL_UNROLL
        for (int i = 0; i < size; ++i) dx.at[i] += W[o].at[i] * dy.at[o];
      }
      store_vector(a.dx + at, dx);
    }
  }
  if (sums == nullptr) return;
  for (int o = 0; o < size; ++o)
    store_vector(sums + ((blockIdx.x * a.K + block) * size + o) * size, dW[o]);
}

template <class Args>
dim3 grid_for(const Args& a) {
  return {static_cast<unsigned>((a.N + part_rows - 1) / part_rows),
          static_cast<unsigned>((a.K + threads - 1) / threads)};
}

template <class Real, class Args>
bool small(const Args& a, std::initializer_list<const void*> arrays) {
  return a.O == size && a.I == size && packs_fit<Real>(arrays);
}

template <class Real>
void backward_small(const BlockDiagonalBackward<Real>& a) {
  if (a.N * a.K == 0 || (a.dx == nullptr && a.dweight == nullptr)) return;
  const dim3 grid = grid_for(a);
  const std::int64_t n = a.K * size * size;
  Tensor<Wide<Real>> sums;
  if (a.dweight != nullptr) sums = Tensor<Wide<Real>>({grid.x, n}, Device::cuda);
  launch(backward_kernel<Real>, grid, threads, 0, a,
         sums.defined() ? sums.mutable_data() : nullptr);
  if (a.dweight != nullptr) add_partial_sums(sums.data(), grid.x, n, a.dweight);
}

template <class Real>
__global__ void bias_kernel(BlockDiagonalForward<Real> a) {
  const std::int64_t channels = a.K * a.O;
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < a.N * channels) a.y[i] = rounded<Real>(a.bias[i % channels]);
}

// The weights as factors of a product.
template <class Real>
class Weights {
 public:
  template <class Args>
  explicit Weights(const Args& a) : row_(a.I), matrix_(a.O * a.I) {
    if constexpr (std::is_same_v<Real, Wide<Real>>) {
      data_ = a.weight;
    } else {
      const std::int64_t n = a.K * a.O * a.I;
      rounded_ = Tensor<Real>({n}, Device::cuda);
      narrow(Narrow<Real>{a.weight, rounded_.mutable_data(), n, false});
      data_ = rounded_.data();
    }
  }

  Matrices<const Real> factor(bool transposed) const { return {data_, row_, matrix_, transposed}; }

 private:
  std::int64_t row_, matrix_;
  Tensor<Real> rounded_;
  const Real* data_;
};

}  // namespace

template <class Real>
void block_diagonal_forward(const BlockDiagonalForward<Real>& a) {
  const std::int64_t n = a.N * a.K * a.O;
  if (n == 0) return;
  if (small<Real>(a, {a.x, a.weight, a.bias, a.y}))
    return launch(forward_kernel<Real>, grid_for(a), threads, 0, a);
  if (a.bias != nullptr)
    launch(bias_kernel<Real>, static_cast<unsigned>((n + threads - 1) / threads), threads, 0, a);
  const Weights<Real> weights(a);
  multiply(Product<Real>{
      .a = {a.x, a.K * a.I, a.I},
      .b = weights.factor(true),
      .c = {a.y, a.K * a.O, a.O},
      .batch = a.K,
      .M = a.N,
      .N = a.O,
      .K = a.I,
      .accumulate = a.bias != nullptr,
  });
}

template <class Real>
void block_diagonal_backward(const BlockDiagonalBackward<Real>& a) {
  if (small<Real>(a, {a.dy, a.x, a.weight, a.dx})) return backward_small(a);
  const Matrices<const Real> dy{a.dy, a.K * a.O, a.O}, dy_transposed{a.dy, a.K * a.O, a.O, true};
  const Matrices<const Real> x{a.x, a.K * a.I, a.I};
  if (a.dx != nullptr) {
    const Weights<Real> weights(a);
    multiply(Product<Real>{.a = dy,
                           .b = weights.factor(false),
                           .c = {a.dx, a.K * a.I, a.I},
                           .batch = a.K,
                           .M = a.N,
                           .N = a.I,
                           .K = a.O,
                           .accumulate = true});
  }
  if (a.dweight != nullptr) {
    multiply(Product<Real, Wide<Real>>{.a = dy_transposed,
                                       .b = x,
                                       .c = {a.dweight, a.I, a.O * a.I},
                                       .batch = a.K,
                                       .M = a.O,
                                       .N = a.I,
                                       .K = a.N,
                                       .accumulate = true});
  }
}

template void block_diagonal_forward(const BlockDiagonalForward<float>&);
template void block_diagonal_forward(const BlockDiagonalForward<double>&);
template void block_diagonal_forward(const BlockDiagonalForward<bf16>&);
template void block_diagonal_backward(const BlockDiagonalBackward<float>&);
template void block_diagonal_backward(const BlockDiagonalBackward<double>&);
template void block_diagonal_backward(const BlockDiagonalBackward<bf16>&);

}  // namespace carousel::cuda
