// The product is one call of cuBLAS; what it is added to is put into c before.

#include "kernels/cuda/blas.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/matmul.h"

namespace carousel::cuda {

namespace {

// Rows of c become the bias, or zero without one, or get it added.
template <class Real, class Result>
struct Start {
  MatMulInto<Real, Result> p;
  template <int width>
  __device__ void run(std::int64_t i) const {
    Elements<Wide<Real>, width> bias{};
    if (p.bias != nullptr) bias = load<width>(p.bias + i % p.N);
    if (p.accumulate) {
      add_to(p.c + i, bias);
    } else {
      store(p.c + i, bias);
    }
  }
};

template <class Real, class Result>
void multiply_into(const MatMulInto<Real, Result>& p) {
  const bool started = p.bias != nullptr || (p.K == 0 && !p.accumulate);
  if (started)
    for_each_element<Result>(p.batch * p.M * p.N, {p.bias, p.c}, Start<Real, Result>{p}, {p.N});
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
