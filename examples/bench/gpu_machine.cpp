#include "examples/bench/gpu_machine.h"

#include <algorithm>
#include <chrono>

#include "examples/bench/engine.h"
#include "kernels/kernels.h"

namespace carousel::bench {

namespace {

constexpr double long_enough = 2e-3;  // seconds: a wait takes 1e-5

// amount(n) / seconds of run(n), for the first n = first, 2 first, … that takes long enough; the
// fastest of three runs.
template <class Amount, class Prepare>
double rate(std::int64_t first, std::int64_t largest, const Amount& amount,
            const Prepare& prepare) {
  for (std::int64_t n = first;; n *= 2) {
    const std::function<void()> run = prepare(n);
    run();
    double seconds = gpu_seconds(1, run);
    if (seconds < long_enough && n < largest) continue;
    for (int more = 0; more < 2; ++more) seconds = std::min(seconds, gpu_seconds(1, run));
    return amount(n) / seconds;
  }
}

// c = a b of n x n numbers.
template <class Real>
double product_rate() {
  const auto operations = [](std::int64_t n) {
    return 2 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  };
  return rate(128, 16384, operations, [](std::int64_t n) -> std::function<void()> {
    const auto a = Tensor<Real>::full({n, n}, Real(1.0F), device_in_use());
    Tensor<Real> c({n, n}, device_in_use());
    return [a, c, n]() mutable {
      kernels<Real>(device_in_use())
          .matmul({.a = a.data(),
                   .b = a.data(),
                   .bias = nullptr,
                   .c = c.mutable_data(),
                   .batch = 1,
                   .M = n,
                   .N = n,
                   .K = n,
                   .transpose_a = false,
                   .transpose_b = true,
                   .accumulate = false});
    };
  });
}

}  // namespace

double gpu_seconds(int n, const std::function<void()>& call) {
  synchronize(device_in_use());
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < n; ++i) call();
  synchronize(device_in_use());
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
  return all.count() / n;
}

int gpu_calls(const std::function<void()>& call) {
  int n = 1;
  while (gpu_seconds(n, call) * n < long_enough) n *= 2;
  return n;
}

double gpu_copy_rate() {
  const auto bytes = [](std::int64_t n) { return 2 * 4 * static_cast<double>(n); };
  return rate(1 << 18, std::int64_t{1} << 30, bytes, [](std::int64_t n) -> std::function<void()> {
    const auto x = filled({n}, 1);
    Tensor<float> y({n}, device_in_use());
    return [x, y]() mutable { y.copy_from(x); };
  });
}

double gpu_product_rate() { return product_rate<float>(); }
double gpu_narrow_product_rate() { return product_rate<bf16>(); }

Peaks gpu_peaks() {
  static const double copy = gpu_copy_rate();
  static const Peaks measured{.flops = gpu_product_rate(), .read = copy, .update = copy};
  return measured;
}

Peaks gpu_narrow_peaks() {
  static const double products = gpu_narrow_product_rate();
  Peaks result = gpu_peaks();
  result.flops = products;
  return result;
}

}  // namespace carousel::bench
