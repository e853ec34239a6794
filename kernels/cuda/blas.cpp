#include "kernels/cuda/blas.h"

#include <cublas_v2.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "core/bf16.h"
#include "core/cuda/memory.h"
#include "core/cuda/stream.h"
#include "core/error.h"

namespace carousel::cuda {

namespace {

void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]]
    fail("device cuda: cuBLAS: {}: {}", what, cublasGetStatusString(status));
}

// One stream and a workspace of its own: results repeat, and the calls can be captured. The size is
// what NVIDIA recommends for Hopper.
cublasHandle_t handle() {
  static const cublasHandle_t one = [] {
    constexpr std::size_t workspace_bytes = std::size_t{32} << 20;
    cublasHandle_t made = nullptr;
    check(cublasCreate(&made), "handle");
    check(cublasSetStream(made, stream()), "stream");  // resets the workspace
    void* const workspace = allocate(workspace_bytes);
    CAROUSEL_CHECK(workspace != nullptr, "device cuda: no memory for the workspace of cuBLAS");
    check(cublasSetWorkspace(made, workspace, workspace_bytes), "workspace");
    // Whatever the result is rounded to, parts of a sum are not.
    check(cublasSetMathMode(made, CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION), "precision");
    check(cublasSetAtomicsMode(made, CUBLAS_ATOMICS_NOT_ALLOWED), "atomics");
    return made;
  }();
  return one;
}

template <class Real, class Result>
void check_sizes(const Product<Real, Result>& p) {
  const auto largest = std::max({p.batch, p.M, p.N, p.K, p.a.row, p.b.row, p.c.row});
  CAROUSEL_CHECK(
      largest <= std::numeric_limits<int>::max(),
      "device cuda: matmul of {} times ({}, {}) by ({}, {}), rows {}, {} and {} elements "
      "apart: cuBLAS wants sizes below 2^31",
      p.batch, p.M, p.K, p.K, p.N, p.a.row, p.b.row, p.c.row);
}

template <class T>
constexpr cudaDataType_t type_of = CUDA_R_32F;
template <>
constexpr cudaDataType_t type_of<double> = CUDA_R_64F;
template <>
constexpr cudaDataType_t type_of<bf16> = CUDA_R_16BF;

}  // namespace

// cuBLAS counts by columns, so it sees every matrix transposed: cᵀ = bᵀ aᵀ.
template <class Real, class Result>
void multiply(const Product<Real, Result>& p) {
  if (p.batch == 0 || p.M == 0 || p.N == 0 || (p.K == 0 && p.accumulate)) return;
  check_sizes(p);
  constexpr auto precision = std::is_same_v<Real, double> ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F;
  const Wide<Real> one = 1, beta = p.accumulate ? 1 : 0;
  const auto size = [](std::int64_t n) { return static_cast<int>(n); };
  const auto operation = [](bool transposed) { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
  check(cublasGemmStridedBatchedEx(
            handle(), operation(p.b.transposed), operation(p.a.transposed), size(p.N), size(p.M),
            size(p.K), &one, p.b.data, type_of<Real>, size(p.b.row), p.b.matrix, p.a.data,
            type_of<Real>, size(p.a.row), p.a.matrix, &beta, p.c.data, type_of<Result>,
            size(p.c.row), p.c.matrix, size(p.batch), precision, CUBLAS_GEMM_DEFAULT),
        "product");
}

template void multiply(const Product<float>&);
template void multiply(const Product<double>&);
template void multiply(const Product<bf16>&);
template void multiply(const Product<bf16, float>&);

}  // namespace carousel::cuda
