// The product is one call of cuBLAS; what it is added to is put into c before.

#include <algorithm>

#include "kernels/cuda/blas.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/matmul.h"

namespace carousel::cuda {

namespace {

// Rows of c become the bias, or zero without one, or get it added.
template <class Bias, class Result>
__global__ void start_kernel(const Bias* bias, Result* c, std::int64_t n, std::int64_t N,
                             bool add) {
  const std::int64_t threads = std::int64_t{gridDim.x} * blockDim.x, step = threads % N;
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  std::int64_t column = first % N;
  for (std::int64_t i = first; i < n; i += threads) {
    const Bias b = bias == nullptr ? Bias{0} : bias[column];
    c[i] = rounded<Result>(add ? c[i] + b : b);
    column += column + step < N ? step : step - N;
  }
}

template <class Real, class Result>
void start(const MatMulInto<Real, Result>& p) {
  const std::int64_t n = p.batch * p.M * p.N;
  if (n == 0) return;
  constexpr int block = 256;
  const auto grid = static_cast<unsigned>(std::min<std::int64_t>((n + block - 1) / block, 4096));
  launch(start_kernel<Wide<Real>, Result>, grid, block, 0, p.bias, p.c, n, p.N, p.accumulate);
}

template <class Real, class Result>
void multiply_into(const MatMulInto<Real, Result>& p) {
  const bool started = p.bias != nullptr || (p.K == 0 && !p.accumulate);
  if (started) start(p);
  if (p.K == 0) return;
  multiply(Product<Real, Result>{
      .a = {p.a, p.transpose_a ? p.M : p.K, p.M * p.K, p.transpose_a},
      .b = {p.b, p.transpose_b ? p.K : p.N, p.K * p.N, p.transpose_b},
      .c = {p.c, p.N, p.M * p.N},
      .batch = p.batch,
      .M = p.M,
      .N = p.N,
      .K = p.K,
      .accumulate = p.accumulate || started,
  });
}

}  // namespace

template <class Real>
void matmul(const MatMul<Real>& p) {
  multiply_into(p);
}

template <class Real>
void matmul_wide(const WideMatMul<Real>& p) {
  multiply_into(p);
}

template void matmul(const MatMul<float>&);
template void matmul(const MatMul<double>&);
template void matmul(const MatMul<bf16>&);
template void matmul_wide<bf16>(const WideMatMul<bf16>&);

}  // namespace carousel::cuda
