// What the program measures, under names like matmul_nt/avx2/2048x1024x256.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

#include "examples/bench/engine.h"
#include "examples/bench/machine.h"
#include "kernels/kernels.h"

namespace carousel::bench {

// The batch that kernels and steps see: B sequences of length S.
struct Batch {
  std::int64_t B, S;
  std::int64_t tokens() const { return B * S; }
};

// What one call has to do at least: floating-point operations, and bytes read and written, each
// array once.
struct Work {
  double flops = 0;
  double read = 0;
  double written = 0;
};

// Work that is only moving numbers.
inline Work moves(std::int64_t read, std::int64_t written) {
  return {.read = static_cast<double>(read) * 4, .written = static_cast<double>(written) * 4};
}

// The time the machine needs at least, in seconds.
double least_time(const Work& work, const Peaks& peaks);

// Counters GFLOP/s and GB/s of a call that does this work, and `peak`: the time the machine needs
// at least, as a share of the time taken.
void report(benchmark::State& state, const Work& work, const Peaks& peaks);

// A call with all its arrays, of one kernel in the second case.
using Call = std::function<void()>;
using KernelCall = std::function<void(const Kernels<float>&)>;
using NarrowKernelCall = std::function<void(const Kernels<bf16>&)>;

// Times the call that `prepare` makes, and reports it. A call that memory is likely to bound is
// made with one set of arrays after the other, enough of them that none is in a cache.
void run_calls(benchmark::State& state, const Work& work, const std::function<Call()>& prepare,
               const std::function<Peaks()>& most = peaks);

// Registers KERNEL/ENGINE/SHAPE for every engine of this machine. `prepare` makes the arrays, and
// fills those that are a forward pass's results with the kernels given.
void add_kernel(const std::string& kernel, const std::string& shape, const Work& work,
                const std::function<KernelCall(const Kernels<float>&)>& prepare);

// The same for a kernel of bf16, which GPUs have: KERNEL_bf16/cuda/SHAPE.
void add_narrow_kernel(const std::string& kernel, const std::string& shape, const Work& work,
                       const std::function<NarrowKernelCall(const Kernels<bf16>&)>& prepare);

// Registers a benchmark under its name, timed by the clock on the wall.
void add_benchmark(const std::string& name, const std::function<void(benchmark::State&)>& run);

void add_machine_benchmarks();
void add_matmul_benchmarks(const Batch& batch);
void add_elementwise_benchmarks(const Batch& batch);
void add_row_benchmarks(const Batch& batch);
void add_cell_benchmarks(const Batch& batch);
void add_mlstm_benchmarks(const Batch& batch);
void add_step_benchmarks(const Batch& batch);
void add_data_benchmarks(const Batch& batch);

}  // namespace carousel::bench
