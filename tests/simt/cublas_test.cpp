// Column-major products with every operand turned or not, and strides between matrices.
#include <cublas_v2.h>
#include <doctest/doctest.h>

#include "tests/simt/device_array.h"

using namespace carousel;

namespace {

constexpr int M = 3, N = 4, K = 5, kBatch = 2, kPad = 2;
constexpr cublasOperation_t kOperations[] = {CUBLAS_OP_N, CUBLAS_OP_T};

template <class T>
std::vector<T> numbers(int n) {
  std::vector<T> x;
  for (int i = 0; i < n; ++i) x.push_back(static_cast<T>(static_cast<float>(i * 7 % 11 - 5)));
  return x;
}

// Element (row, column) of matrix b, where op(matrix) is seen.
template <class T>
double at(const std::vector<T>& x, cublasOperation_t op, int ld, int stride, int b, int row,
          int column) {
  const int i = op == CUBLAS_OP_N ? row + column * ld : column + row * ld;
  return static_cast<double>(x[static_cast<std::size_t>(b * stride + i)]);
}

struct Case {
  cublasOperation_t transa, transb;
  int lda = (transa == CUBLAS_OP_N ? M : K) + kPad, ldb = (transb == CUBLAS_OP_N ? K : N) + kPad;
  int ldc = M + kPad;
  int stride_a = lda * (transa == CUBLAS_OP_N ? K : M);
  int stride_b = ldb * (transb == CUBLAS_OP_N ? N : K);
  int stride_c = ldc * N;
};

// multiply(case, A, B, C) asks for C = 2 A B + 3 C; what lies between the columns stays.
template <class In, class Out, class Multiply>
void check_products(Multiply multiply) {
  for (const auto transa : kOperations)
    for (const auto transb : kOperations) {
      const Case c{transa, transb};
      const auto A = numbers<In>(kBatch * c.stride_a), B = numbers<In>(kBatch * c.stride_b);
      auto C = numbers<Out>(kBatch * c.stride_c);
      const DeviceArray<In> a(A), b(B);
      const DeviceArray<Out> result(C);
      REQUIRE(multiply(c, a.data(), b.data(), result.data()) == CUBLAS_STATUS_SUCCESS);
      for (int batch = 0; batch < kBatch; ++batch)
        for (int i = 0; i < M; ++i)
          for (int j = 0; j < N; ++j) {
            double sum = 0;
            for (int k = 0; k < K; ++k)
              sum += at(A, transa, c.lda, c.stride_a, batch, i, k) *
                     at(B, transb, c.ldb, c.stride_b, batch, k, j);
            Out& want = C[static_cast<std::size_t>(batch * c.stride_c + i + j * c.ldc)];
            want = static_cast<Out>(2 * sum + 3 * static_cast<double>(want));
          }
      CHECK(result.values() == C);
    }
}

}  // namespace

TEST_CASE("simt: cuBLAS products") {
  cublasHandle_t handle = nullptr;
  REQUIRE(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS);
  REQUIRE(cublasSetStream(handle, cuda::stream()) == CUBLAS_STATUS_SUCCESS);
  const float alpha = 2, beta = 3;
  const double alpha_d = 2, beta_d = 3;
  check_products<float, float>([&](const Case& c, const float* A, const float* B, float* C) {
    return cublasSgemmStridedBatched(handle, c.transa, c.transb, M, N, K, &alpha, A, c.lda,
                                     c.stride_a, B, c.ldb, c.stride_b, &beta, C, c.ldc, c.stride_c,
                                     kBatch);
  });
  check_products<double, double>([&](const Case& c, const double* A, const double* B, double* C) {
    for (int b = 0; b < kBatch; ++b)
      cublasDgemm(handle, c.transa, c.transb, M, N, K, &alpha_d, A + b * c.stride_a, c.lda,
                  B + b * c.stride_b, c.ldb, &beta_d, C + b * c.stride_c, c.ldc);
    return CUBLAS_STATUS_SUCCESS;
  });
  const auto multiply_bf16 = [&](const Case& c, const void* A, const void* B, void* C,
                                 cudaDataType type) {
    return cublasGemmStridedBatchedEx(handle, c.transa, c.transb, M, N, K, &alpha, A, CUDA_R_16BF,
                                      c.lda, c.stride_a, B, CUDA_R_16BF, c.ldb, c.stride_b, &beta,
                                      C, type, c.ldc, c.stride_c, kBatch, CUBLAS_COMPUTE_32F,
                                      CUBLAS_GEMM_DEFAULT);
  };
  using Narrow = __nv_bfloat16;
  check_products<Narrow, float>([&](const Case& c, const Narrow* A, const Narrow* B, float* C) {
    return multiply_bf16(c, A, B, C, CUDA_R_32F);
  });
  check_products<Narrow, Narrow>([&](const Case& c, const Narrow* A, const Narrow* B, Narrow* C) {
    return multiply_bf16(c, A, B, C, CUDA_R_16BF);
  });
  cublasDestroy(handle);
}

TEST_CASE("simt: cuBLAS does not read C where beta is 0, and refuses wrong strides") {
  cublasHandle_t handle = nullptr;
  REQUIRE(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS);
  const DeviceArray<float> a(std::vector<float>{3}), c(std::vector<float>{NAN});
  const float one = 1, zero = 0;
  const auto multiply = [&](int lda) {
    return cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, a.data(), lda, a.data(), 1,
                       &zero, c.data(), 1);
  };
  CHECK(multiply(1) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.values()[0] == 9.0f);
  CHECK(multiply(0) == CUBLAS_STATUS_INVALID_VALUE);
  cublasDestroy(handle);
}
