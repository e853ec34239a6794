#include "examples/bench/matmul_comparison.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "core/parallel.h"
#include "examples/bench/benchmarks.h"
#include "examples/bench/blas.h"
#include "examples/bench/products.h"
#include "examples/language_model/streams.h"

namespace carousel::bench {

namespace {

using Seconds = std::chrono::duration<double>;

// Idle threads of OpenBLAS and of OpenMP spin for a while (2^26 ticks the former) before they
// sleep, and would take the other's cores meanwhile.
constexpr Seconds until_idle{0.06};
// Calls that are timed together, and how long a turn goes on with such groups: the former well
// above the clock's resolution and well below a time slice of the system.
constexpr Seconds group_time{0.0001}, turn_time{0.005};

template <class Body>
Seconds timed(const Body& body, int calls) {
  const auto start = std::chrono::steady_clock::now();
  for (int call = 0; call < calls; ++call) body();
  return (std::chrono::steady_clock::now() - start) / calls;
}

// The time of a call in the fastest group of calls, after some that wake the threads.
template <class Body>
Seconds time_of_call(const Body& body) {
  std::this_thread::sleep_for(until_idle);
  body();
  Seconds fastest = timed(body, 1);
  const auto calls = std::max(1, static_cast<int>(group_time / fastest));
  const auto groups = std::max(1, static_cast<int>(turn_time / (fastest * calls)));
  for (int group = 0; group < groups; ++group) fastest = std::min(fastest, timed(body, calls));
  return fastest;
}

struct Pair {
  Seconds ours{1e9}, theirs{1e9};
  double ratio() const { return theirs / ours; }
};

Pair compare(const Product& product, int rounds) {
  const Factors factors(product);
  const auto& k = kernels<float>(Device::cpu);
  Pair best;
  for (int round = 0; round < rounds; ++round) {
    best.ours = std::min(best.ours, time_of_call([&] { k.matmul(factors.arguments()); }));
    best.theirs = std::min(best.theirs, time_of_call([&] { blas_matmul(factors.arguments()); }));
  }
  return best;
}

void compare_all(const std::string& title, const std::vector<Product>& products, int rounds) {
  program::print(fmt::format("\n{:<24} {:>10} {:>10} {:>7} {:>7}\n", title, std::string(backend()),
                             "OpenBLAS", "ratio", "peak"));
  double sum_of_logs = 0, smallest = 1e9;
  for (const auto& product : products) {
    const Pair best = compare(product, rounds);
    const double rate = product.flops() / best.ours.count();
    const double peak = peaks().flops > 0 ? rate / peaks().flops : 0;
    program::print(fmt::format(
        "{:<2} {:<21} {:>10.2f} {:>10.2f} {:>7.2f} {:>6.0f}%\n", product.form(), product.shape(),
        rate / 1e9, product.flops() / best.theirs.count() / 1e9, best.ratio(), 100 * peak));
    sum_of_logs += std::log(best.ratio());
    smallest = std::min(smallest, best.ratio());
  }
  const double mean = std::exp(sum_of_logs / static_cast<double>(products.size()));
  program::print(fmt::format("{:<24} {:>21} {:>7.2f}\n{:<24} {:>21} {:>7.2f}\n", "geometric mean",
                             "", mean, "smallest", "", smallest));
}

}  // namespace

int compare_matmul(const MatmulComparisonOptions& options) {
  CAROUSEL_CHECK(has_blas(), "matmul: this build found no OpenBLAS, want libopenblas-dev");
  program::print(fmt::format("GFLOP/s in float32 on {} threads against {}; peak {:.1f}\n",
                             threads(), describe_blas(), peaks().flops / 1e9));
  compare_all("training, M x N x K", training_products(options.tokens), options.rounds);
  compare_all("decoding, M x N x K", decoding_products(), options.rounds);
  return 0;
}

}  // namespace carousel::bench
