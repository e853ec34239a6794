#include "kernels/cuda/blas.h"

#include <cublas_v2.h>

#include <algorithm>
#include <limits>

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
    check(cublasSetMathMode(made, CUBLAS_DEFAULT_MATH), "precision");
    check(cublasSetAtomicsMode(made, CUBLAS_ATOMICS_NOT_ALLOWED), "atomics");
    return made;
  }();
  return one;
}

template <class Real>
void check_sizes(const Product<Real>& p) {
  const auto largest = std::max({p.batch, p.M, p.N, p.K, p.a.row, p.b.row, p.c.row});
  CAROUSEL_CHECK(
      largest <= std::numeric_limits<int>::max(),
      "device cuda: matmul of {} times ({}, {}) by ({}, {}), rows {}, {} and {} elements "
      "apart: cuBLAS wants sizes below 2^31",
      p.batch, p.M, p.K, p.K, p.N, p.a.row, p.b.row, p.c.row);
}

}  // namespace

// cuBLAS counts by columns, so it sees every matrix transposed: cᵀ = bᵀ aᵀ.
template <class Real>
void multiply(const Product<Real>& p) {
  if (p.batch == 0 || p.M == 0 || p.N == 0 || (p.K == 0 && p.accumulate)) return;
  check_sizes(p);
  constexpr auto gemm = [] {
    if constexpr (sizeof(Real) == sizeof(float)) {
      return cublasSgemmStridedBatched;
    } else {
      return cublasDgemmStridedBatched;
    }
  }();
  const Real one = 1, beta = p.accumulate ? 1 : 0;
  const auto size = [](std::int64_t n) { return static_cast<int>(n); };
  const auto operation = [](bool transposed) { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
  check(gemm(handle(), operation(p.b.transposed), operation(p.a.transposed), size(p.N), size(p.M),
             size(p.K), &one, p.b.data, size(p.b.row), p.b.matrix, p.a.data, size(p.a.row),
             p.a.matrix, &beta, p.c.data, size(p.c.row), p.c.matrix, size(p.batch)),
        "product");
}

template void multiply(const Product<float>&);
template void multiply(const Product<double>&);

}  // namespace carousel::cuda
