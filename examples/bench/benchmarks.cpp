#include "examples/bench/benchmarks.h"

#include <algorithm>

#include "examples/bench/gpu_machine.h"

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

void run_calls(benchmark::State& state, const Work& work, const std::function<Call()>& prepare,
               const std::function<Peaks()>& most) {
  constexpr double operations_per_byte = 10;  // about what processors can do while they read one
  constexpr double cold_bytes = 128 << 20;    // several times what a cache holds
  const bool by_memory = work.flops < operations_per_byte * (work.read + work.written);
  const double memory = std::max(work.read, work.written);  // an array may be both
  const double copies = by_memory ? std::clamp(cold_bytes / memory, 1.0, 256.0) : 1;
  std::vector<Call> calls;
  for (int copy = 0; copy < copies; ++copy) calls.push_back(prepare());
  calls.front()();  // from here on threads are awake and scratch memory is there
  std::size_t next = 1;
  const auto call = [&] { calls[next++ % calls.size()](); };
  if (device_in_use() == Device::cpu) {
    for (auto _ : state) call();
  } else {
    const int at_once = gpu_calls(call);
    while (state.KeepRunningBatch(at_once)) gpu_seconds(at_once, call);
  }
  report(state, work, most());
}

void add_kernel(const std::string& kernel, const std::string& shape, const Work& work,
                const std::function<KernelCall(const Kernels<float>&)>& prepare) {
  for (const auto engine : engines()) {
    const auto run = [engine, work, prepare](benchmark::State& state) {
      use_engine(engine);
      const auto& k = kernels<float>(device_in_use());
      run_calls(state, work,
                [&k, &prepare]() -> Call { return [&k, call = prepare(k)] { call(k); }; });
    };
    add_benchmark(fmt::format("{}/{}/{}", kernel, engine, shape), run);
  }
}

void add_narrow_kernel(const std::string& kernel, const std::string& shape, const Work& work,
                       const std::function<NarrowKernelCall(const Kernels<bf16>&)>& prepare) {
  if (!available(Device::cuda)) return;
  const auto run = [work, prepare](benchmark::State& state) {
    use_engine("cuda");
    const auto& k = kernels<bf16>(Device::cuda);
    run_calls(
        state, work, [&k, &prepare]() -> Call { return [&k, call = prepare(k)] { call(k); }; },
        gpu_narrow_peaks);
  };
  add_benchmark(fmt::format("{}_bf16/cuda/{}", kernel, shape), run);
}

void add_machine_benchmarks() {
  const auto rate = [](const std::string& name, const std::function<double()>& measure) {
    add_benchmark("machine/" + name, [measure, name](benchmark::State& state) {
      double best = 0;
      use_engine(name.starts_with("cuda/") ? "cuda" : available_backends().back());
      for (auto _ : state) best = std::max(best, measure());
      const bool operations = name.find("fma") != name.npos || name.find("product") != name.npos;
      state.counters[operations ? "GFLOP/s" : "GB/s"] = best / 1e9;
    });
  };
  if (available(Device::cuda)) {
    rate("cuda/copy", gpu_copy_rate);
    rate("cuda/product", gpu_product_rate);
    rate("cuda/product-bf16", gpu_narrow_product_rate);
  }
  rate("fma", [] { return fma_rate(); });
  rate("read/1MiB", [] { return read_rate(std::int64_t{1} << 20); });
  rate("read/16MiB", [] { return read_rate(std::int64_t{1} << 24); });
  rate("read/512MiB", [] { return read_rate(memory_bytes); });
  rate("update/512MiB", [] { return update_rate(memory_bytes); });
  rate("copy/512MiB", [] { return copy_rate(memory_bytes); });
  rate("triad/512MiB", [] { return triad_rate(memory_bytes); });
}

}  // namespace carousel::bench
