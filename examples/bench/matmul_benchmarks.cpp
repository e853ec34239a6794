// matmul on the shapes of the presets.
#include "examples/bench/benchmarks.h"
#include "examples/bench/blas.h"
#include "examples/bench/products.h"

namespace carousel::bench {

namespace {

Work work_of(const Product& p) {
  const auto numbers = p.M * p.K + p.K * p.N + (p.accumulate ? 2 : 1) * p.M * p.N;
  return {.flops = p.flops(), .bytes = static_cast<double>(numbers) * 4};
}

void add_product(const Product& product) {
  add_kernel("matmul_" + product.form(), product.shape(), work_of(product),
             [product](const Kernels<float>&) -> Call {
               return [factors = Factors(product)](const Kernels<float>& k) {
                 k.matmul(factors.arguments());
               };
             });
  if (!has_blas()) return;
  add_benchmark(fmt::format("matmul_{}/openblas/{}", product.form(), product.shape()),
                [product](benchmark::State& state) {
                  const Factors factors(product);
                  blas_matmul(factors.arguments());
                  for (auto _ : state) blas_matmul(factors.arguments());
                  report(state, work_of(product), peaks());
                });
}

}  // namespace

void add_matmul_benchmarks(const Batch& batch) {
  for (const auto& product : training_products(batch.tokens())) add_product(product);
  for (const auto& product : decoding_products()) add_product(product);
}

}  // namespace carousel::bench
