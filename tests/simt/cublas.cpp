// Products of matrices: each element is a sum in the order of k, in double, rounded once.
#include <cublas_v2.h>

#include <algorithm>

struct cublasContext {
  cudaStream_t stream = nullptr;
  void* workspace = nullptr;  // not needed, but the caller's last pointer to it
};

namespace {

// alpha and beta are read when the call is made, as with CUBLAS_POINTER_MODE_HOST.
struct Product {
  cublasOperation_t transa, transb;
  int m, n, k;
  double alpha, beta;
  int lda, ldb, ldc;
  long long stride_a, stride_b, stride_c;
  int batch;
};

bool valid(const Product& p) {
  if (p.m < 0 || p.n < 0 || p.k < 0 || p.batch < 0) return false;
  const int rows_a = p.transa == CUBLAS_OP_N ? p.m : p.k;
  const int rows_b = p.transb == CUBLAS_OP_N ? p.k : p.n;
  return p.lda >= std::max(1, rows_a) && p.ldb >= std::max(1, rows_b) && p.ldc >= std::max(1, p.m);
}

template <class In, class Out>
void multiply(const Product& p, const In* A, const In* B, Out* C) {
  const long long a_row = p.transa == CUBLAS_OP_N ? 1 : p.lda;
  const long long a_column = p.transa == CUBLAS_OP_N ? p.lda : 1;
  const long long b_row = p.transb == CUBLAS_OP_N ? 1 : p.ldb;
  const long long b_column = p.transb == CUBLAS_OP_N ? p.ldb : 1;
  for (long long j = 0; j < p.n; ++j)
    for (long long i = 0; i < p.m; ++i) {
      double sum = 0;
      for (long long l = 0; l < p.k; ++l)
        sum += static_cast<double>(A[i * a_row + l * a_column]) *
               static_cast<double>(B[l * b_row + j * b_column]);
      Out& c = C[i + j * p.ldc];  // not read where beta is 0
      const double before = p.beta == 0 ? 0 : p.beta * static_cast<double>(c);
      c = static_cast<Out>(p.alpha * sum + before);
    }
}

template <class In, class Out>
cublasStatus_t enqueue(cublasHandle_t handle, const Product& p, const void* A, const void* B,
                       void* C) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!valid(p)) return CUBLAS_STATUS_INVALID_VALUE;
  simt::in_order(handle->stream, [=] {
    for (long long b = 0; b < p.batch; ++b)
      multiply(p, static_cast<const In*>(A) + b * p.stride_a,
               static_cast<const In*>(B) + b * p.stride_b, static_cast<Out*>(C) + b * p.stride_c);
    return cudaSuccess;
  });
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

const char* cublasGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "success";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "the library was not initialized";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "an unsupported value or parameter was passed to the function";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "the function failed to launch on the GPU";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "the functionality requested is not supported";
  }
  return "unknown status";
}
const char* cublasGetStatusName(cublasStatus_t status) { return cublasGetStatusString(status); }

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  return *handle = new cublasContext, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) { return delete handle, CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  return handle->stream = stream, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetAtomicsMode(cublasHandle_t, cublasAtomicsMode_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetPointerMode(cublasHandle_t, cublasPointerMode_t mode) {
  return mode == CUBLAS_POINTER_MODE_HOST ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}
cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, std::size_t) {
  return handle->workspace = workspace, CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasGetVersion(cublasHandle_t, int* version) {
  return *version = 130000, CUBLAS_STATUS_SUCCESS;
}

#define SIMT_GEMM(name, Real)                                                                      \
  cublasStatus_t name(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,   \
                      int m, int n, int k, const Real* alpha, const Real* A, int lda,              \
                      const Real* B, int ldb, const Real* beta, Real* C, int ldc) {                \
    return enqueue<Real, Real>(                                                                    \
        handle, {transa, transb, m, n, k, *alpha, *beta, lda, ldb, ldc, 0, 0, 0, 1}, A, B, C);     \
  }                                                                                                \
  cublasStatus_t name##StridedBatched(                                                             \
      cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,     \
      int k, const Real* alpha, const Real* A, int lda, long long strideA, const Real* B, int ldb, \
      long long strideB, const Real* beta, Real* C, int ldc, long long strideC, int batchCount) {  \
    return enqueue<Real, Real>(handle,                                                             \
                               {transa, transb, m, n, k, *alpha, *beta, lda, ldb, ldc, strideA,    \
                                strideB, strideC, batchCount},                                     \
                               A, B, C);                                                           \
  }
SIMT_GEMM(cublasSgemm, float)
SIMT_GEMM(cublasDgemm, double)
#undef SIMT_GEMM

cublasStatus_t cublasGemmStridedBatchedEx(
    cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n, int k,
    const void* alpha, const void* A, cudaDataType Atype, int lda, long long strideA, const void* B,
    cudaDataType Btype, int ldb, long long strideB, const void* beta, void* C, cudaDataType Ctype,
    int ldc, long long strideC, int batchCount, cublasComputeType_t compute, cublasGemmAlgo_t) {
  const bool in_double = compute == CUBLAS_COMPUTE_64F || compute == CUBLAS_COMPUTE_64F_PEDANTIC;
  const auto scale = [in_double](const void* p) {
    return in_double ? *static_cast<const double*>(p)
                     : static_cast<double>(*static_cast<const float*>(p));
  };
  const Product p{transa, transb, m,   n,       k,       scale(alpha), scale(beta),
                  lda,    ldb,    ldc, strideA, strideB, strideC,      batchCount};
  if (Atype != Btype) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (in_double)
    return Atype == CUDA_R_64F && Ctype == CUDA_R_64F ? enqueue<double, double>(handle, p, A, B, C)
                                                      : CUBLAS_STATUS_NOT_SUPPORTED;
  if (Atype == CUDA_R_32F && Ctype == CUDA_R_32F) return enqueue<float, float>(handle, p, A, B, C);
  if (Atype != CUDA_R_16BF) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (Ctype == CUDA_R_32F) return enqueue<__nv_bfloat16, float>(handle, p, A, B, C);
  if (Ctype == CUDA_R_16BF) return enqueue<__nv_bfloat16, __nv_bfloat16>(handle, p, A, B, C);
  return CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa,
                            cublasOperation_t transb, int m, int n, int k, const void* alpha,
                            const void* A, cudaDataType Atype, int lda, const void* B,
                            cudaDataType Btype, int ldb, const void* beta, void* C,
                            cudaDataType Ctype, int ldc, cublasComputeType_t compute,
                            cublasGemmAlgo_t algo) {
  return cublasGemmStridedBatchedEx(handle, transa, transb, m, n, k, alpha, A, Atype, lda, 0, B,
                                    Btype, ldb, 0, beta, C, Ctype, ldc, 0, 1, compute, algo);
}
