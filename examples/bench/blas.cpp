#include "examples/bench/blas.h"

#include "core/error.h"
#include "core/parallel.h"
#ifdef CAROUSEL_OPENBLAS
#include <cblas.h>
#endif

namespace carousel::bench {

#ifdef CAROUSEL_OPENBLAS

bool has_blas() { return true; }

std::string describe_blas() {
  const std::string config = openblas_get_config();  // "OpenBLAS 0.3.21 …"
  const auto version = config.substr(0, config.find(' ', config.find(' ') + 1));
  return fmt::format("{}, {} kernels", version, openblas_get_corename());
}

void blas_matmul(const MatMul<float>& a) {
  const auto size = [](std::int64_t n) { return static_cast<blasint>(n); };
  const auto M = size(a.M), N = size(a.N), K = size(a.K);
  const float beta = a.accumulate ? 1.0F : 0.0F;
  openblas_set_num_threads(threads());
  if (M == 1 && !a.transpose_a) {
    const auto transposed = a.transpose_b ? CblasNoTrans : CblasTrans;
    const auto rows = a.transpose_b ? N : K, columns = a.transpose_b ? K : N;
    cblas_sgemv(CblasRowMajor, transposed, rows, columns, 1.0F, a.b, columns, a.a, 1, beta, a.c, 1);
    return;
  }
  cblas_sgemm(CblasRowMajor, a.transpose_a ? CblasTrans : CblasNoTrans,
              a.transpose_b ? CblasTrans : CblasNoTrans, M, N, K, 1.0F, a.a, a.transpose_a ? M : K,
              a.b, a.transpose_b ? K : N, beta, a.c, N);
}

#else

bool has_blas() { return false; }

std::string describe_blas() { return "no OpenBLAS in this build"; }

void blas_matmul(const MatMul<float>&) { fail("matmul: this build has no OpenBLAS"); }

#endif

}  // namespace carousel::bench
