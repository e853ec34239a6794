#include "examples/bench/machine.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "core/parallel.h"
#include "examples/bench/engine.h"
#include "examples/bench/gpu_machine.h"
#include "kernels/kernels.h"
#if defined(__x86_64__)
#include "examples/bench/fma_loop.h"
#endif

namespace carousel::bench {

namespace {

constexpr std::int64_t fma_rounds = 1 << 16;  // a tenth of a millisecond
constexpr std::int64_t grain = 1 << 18;       // elements of a buffer that a thread takes at once

using Clock = std::chrono::steady_clock;

volatile float sink;  // what is stored here has to be computed

bool wide_registers() { return backend() == "avx512"; }

}  // namespace

}  // namespace carousel::bench

#if defined(__x86_64__)

CAROUSEL_AVX2_BEGIN

namespace carousel::bench {

namespace {

using P = carousel::avx2::Floats;

float fma_loop(std::int64_t rounds) {
  return wide_registers() ? fma_loop_avx512(rounds) : avx2::fma_loop<fma_chains>(rounds);
}

float read_loop(const float* x, std::int64_t begin, std::int64_t end) {
  std::array<P, 8> part;
  constexpr std::int64_t step = 8 * P::lanes;
  for (std::int64_t i = begin; i + step <= end; i += step) {
    for (std::int64_t j = 0; j < 8; ++j) {
      P& s = part[static_cast<std::size_t>(j)];
      s = s + P::load(x + i + j * P::lanes);
    }
  }
  P total;
  for (const P& s : part) total = total + s;
  return sum(total);
}

void update_loop(float* x, std::int64_t begin, std::int64_t end) {
  const P factor = -1.0F;
  for (std::int64_t i = begin; i < end; i += P::lanes) (factor * P::load(x + i)).store(x + i);
}

void copy_loop(const float* x, float* y, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; i += P::lanes) P::load(x + i).store(y + i);
}

void triad_loop(const float* x, const float* z, float* y, std::int64_t begin, std::int64_t end) {
  const P factor = 0.5F;
  for (std::int64_t i = begin; i < end; i += P::lanes) {
    fma(factor, P::load(z + i), P::load(x + i)).store(y + i);
  }
}

}  // namespace

}  // namespace carousel::bench

CAROUSEL_AVX2_END

#else

namespace carousel::bench {

namespace {

float fma_loop(std::int64_t) { return 0; }
float read_loop(const float*, std::int64_t, std::int64_t) { return 0; }
void update_loop(float*, std::int64_t, std::int64_t) {}
void copy_loop(const float*, float*, std::int64_t, std::int64_t) {}
void triad_loop(const float*, const float*, float*, std::int64_t, std::int64_t) {}

}  // namespace

}  // namespace carousel::bench

#endif

namespace carousel::bench {

namespace {

bool available() {
  const auto names = available_backends();
  return std::find(names.begin(), names.end(), "avx2") != names.end();
}

// amount / seconds of the fastest of a number of runs; the first one warms up.
template <class Body>
double best_rate(double amount, int runs, const Body& body) {
  if (!available()) return 0;
  body();
  double fastest = 1e300;
  for (int run = 0; run < runs; ++run) {
    const auto start = Clock::now();
    body();
    const std::chrono::duration<double> seconds = Clock::now() - start;
    fastest = std::min(fastest, seconds.count());
  }
  return amount / fastest;
}

// A number of buffers, of `bytes` together, all written to. Not from the pool of tensors, whose
// statistics the benchmarks report.
struct Buffers {
  std::int64_t size;  // of each, in elements
  std::array<std::unique_ptr<float[]>, 3> data;

  Buffers(std::int64_t bytes, std::size_t count) {
    const auto elements = bytes / static_cast<std::int64_t>(sizeof(float) * count);
    size = std::max<std::int64_t>(64, elements / 64 * 64);
    for (std::size_t i = 0; i < count; ++i) {
      data[i] = std::unique_ptr<float[]>(new float[static_cast<std::size_t>(size)]);
      parallel_for(size, grain, [&](std::int64_t begin, std::int64_t end) {
        std::fill(data[i].get() + begin, data[i].get() + end, 1.0F);
      });
    }
  }

  double bytes(int count) const { return static_cast<double>(size) * sizeof(float) * count; }
  // Small buffers are gone over several times, for runs that the clock can tell.
  std::int64_t sweeps() const { return std::max<std::int64_t>(1, (std::int64_t{1} << 22) / size); }
};

template <class Body>
double buffer_rate(const Buffers& buffers, int count, int runs, const Body& body) {
  const auto sweeps = buffers.sweeps();
  const auto share = std::min(grain, (buffers.size / threads() + 63) / 64 * 64);
  return best_rate(buffers.bytes(count) * static_cast<double>(sweeps), runs, [&] {
    for (std::int64_t sweep = 0; sweep < sweeps; ++sweep) parallel_for(buffers.size, share, body);
  });
}

}  // namespace

// Every thread times runs of its own, much shorter than a time slice of the system, so that half of
// them or more are undisturbed even on a busy machine.
double fma_rate() {
  if (!available()) return 0;
  constexpr std::size_t runs = 101;
  const int lanes = wide_registers() ? 16 : 8;
  std::vector<double> rates(static_cast<std::size_t>(threads()));
  parallel_for(threads(), 1, [&rates, lanes](std::int64_t thread, std::int64_t) {
    std::array<double, runs> seconds;
    for (double& run : seconds) {
      const auto start = Clock::now();
      sink = fma_loop(fma_rounds);
      run = std::chrono::duration<double>(Clock::now() - start).count();
    }
    std::nth_element(seconds.begin(), seconds.begin() + runs / 2, seconds.end());
    rates[static_cast<std::size_t>(thread)] =
        2.0 * fma_rounds * fma_chains * lanes / seconds[runs / 2];
  });
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

double read_rate(std::int64_t bytes, int runs) {
  const Buffers buffers(bytes, 1);
  const float* const x = buffers.data[0].get();
  return buffer_rate(buffers, 1, runs, [x](std::int64_t begin, std::int64_t end) {
    sink = read_loop(x, begin, end);
  });
}

double update_rate(std::int64_t bytes, int runs) {
  const Buffers buffers(bytes, 1);
  float* const x = buffers.data[0].get();
  return buffer_rate(buffers, 2, runs,
                     [x](std::int64_t begin, std::int64_t end) { update_loop(x, begin, end); });
}

double copy_rate(std::int64_t bytes, int runs) {
  const Buffers buffers(bytes, 2);
  const float* const x = buffers.data[0].get();
  float* const y = buffers.data[1].get();
  return buffer_rate(buffers, 2, runs,
                     [x, y](std::int64_t begin, std::int64_t end) { copy_loop(x, y, begin, end); });
}

double triad_rate(std::int64_t bytes, int runs) {
  const Buffers buffers(bytes, 3);
  const float *const x = buffers.data[0].get(), *const z = buffers.data[1].get();
  float* const y = buffers.data[2].get();
  return buffer_rate(buffers, 3, runs, [x, z, y](std::int64_t begin, std::int64_t end) {
    triad_loop(x, z, y, begin, end);
  });
}

Peaks peaks() {
  if (device_in_use() == Device::cuda) return gpu_peaks();
  static std::map<std::pair<int, bool>, Peaks> measured;
  const auto [entry, is_new] = measured.try_emplace({threads(), wide_registers()});
  if (is_new)
    entry->second = {
        .flops = fma_rate(), .read = read_rate(memory_bytes), .update = update_rate(memory_bytes)};
  return entry->second;
}

}  // namespace carousel::bench
