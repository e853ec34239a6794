// matmul on the shapes of the presets.
#include "examples/bench/benchmarks.h"
#include "examples/bench/blas.h"
#include "examples/bench/products.h"

namespace carousel::bench {

namespace {

Work work_of(const Product& p) {
  const auto c = p.M * p.N;
  Work work = moves(p.M * p.K + p.K * p.N + (p.accumulate ? c : 0), c);
  work.flops = p.flops();
  return work;
}

void add_product(const Product& product) {
  add_kernel("matmul_" + product.form(), product.shape(), work_of(product),
             [product](const Kernels<float>&) -> KernelCall {
               return [factors = Factors(product)](const Kernels<float>& k) {
                 k.matmul(factors.arguments());
               };
             });
  if (!has_blas()) return;
  add_benchmark(fmt::format("matmul_{}/openblas/{}", product.form(), product.shape()),
                [product](benchmark::State& state) {
                  use_engine(available_backends().back());
                  run_calls(state, work_of(product), [&product]() -> Call {
                    return [factors = Factors(product)] { blas_matmul(factors.arguments()); };
                  });
                });
}

}  // namespace

void add_matmul_benchmarks(const Batch& batch) {
  for (const auto& product : training_products(batch.tokens())) add_product(product);
  for (const auto& product : decoding_products()) add_product(product);
}

}  // namespace carousel::bench
