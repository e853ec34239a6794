#include "examples/bench/benchmarks.h"

#include <algorithm>

#include "core/random.h"

namespace carousel::bench {

double least_time(const Work& work, const Peaks& peaks) {
  return std::max({work.flops / peaks.flops, work.read / peaks.read,
                   (work.read + work.written) / peaks.update});
}

void report(benchmark::State& state, const Work& work, const Peaks& peaks) {
  using benchmark::Counter;
  constexpr auto per_second = Counter::kIsIterationInvariantRate;
  if (work.flops > 0) state.counters["GFLOP/s"] = Counter(work.flops / 1e9, per_second);
  const double moved = work.read + work.written;
  if (moved > 0) state.counters["GB/s"] = Counter(moved / 1e9, per_second);
  if (peaks.flops > 0) state.counters["peak"] = Counter(least_time(work, peaks), per_second);
}

void add_benchmark(const std::string& name, const std::function<void(benchmark::State&)>& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

void run_calls(benchmark::State& state, const Work& work, const std::function<Call()>& prepare) {
  constexpr double operations_per_byte = 10;  // about what processors can do while they read one
  constexpr double cold_bytes = 128 << 20;    // several times what a cache holds
  const bool by_memory = work.flops < operations_per_byte * (work.read + work.written);
  const double memory = std::max(work.read, work.written);  // an array may be both
  const double copies = by_memory ? std::clamp(cold_bytes / memory, 1.0, 256.0) : 1;
  std::vector<Call> calls;
  for (int copy = 0; copy < copies; ++copy) calls.push_back(prepare());
  calls.front()();  // from here on threads are awake and scratch memory is there
  std::size_t next = 1;
  for (auto _ : state) calls[next++ % calls.size()]();
  report(state, work, peaks());
}

void add_kernel(const std::string& kernel, const std::string& shape, const Work& work,
                const std::function<KernelCall(const Kernels<float>&)>& prepare) {
  for (const auto backend : available_backends()) {
    const auto run = [backend, work, prepare](benchmark::State& state) {
      use_backend(backend);
      const auto& k = kernels<float>(Device::cpu);
      run_calls(state, work,
                [&k, &prepare]() -> Call { return [&k, call = prepare(k)] { call(k); }; });
    };
    add_benchmark(fmt::format("{}/{}/{}", kernel, backend, shape), run);
  }
}

Tensor<float> noise(const Shape& shape) {
  constexpr std::int64_t period = 4093;
  static const auto numbers = random_normal<float>({period}, Random{1}, 0.5);
  Tensor<float> result(shape);
  for (std::int64_t begin = 0; begin < result.numel(); begin += period) {
    const auto count = std::min(period, result.numel() - begin);
    std::copy_n(numbers.data(), count, result.mutable_data() + begin);
  }
  return result;
}

void add_machine_benchmarks() {
  const auto rate = [](const std::string& name, const std::function<double()>& measure) {
    add_benchmark("machine/" + name, [measure, name](benchmark::State& state) {
      double best = 0;
      for (auto _ : state) best = std::max(best, measure());
      state.counters[name.starts_with("fma") ? "GFLOP/s" : "GB/s"] = best / 1e9;
    });
  };
  rate("fma", [] { return fma_rate(); });
  rate("read/1MiB", [] { return read_rate(std::int64_t{1} << 20); });
  rate("read/16MiB", [] { return read_rate(std::int64_t{1} << 24); });
  rate("read/512MiB", [] { return read_rate(memory_bytes); });
  rate("update/512MiB", [] { return update_rate(memory_bytes); });
  rate("copy/512MiB", [] { return copy_rate(memory_bytes); });
  rate("triad/512MiB", [] { return triad_rate(memory_bytes); });
}

}  // namespace carousel::bench
