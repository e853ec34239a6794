// What the program measures, under names like matmul_nt/avx2/2048x1024x256.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

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
  double bytes = 0;
};

inline Work moves(std::int64_t floats) { return {.bytes = static_cast<double>(floats) * 4}; }

// Counters GFLOP/s and GB/s of a call that does this work, and `peak`: the time the machine needs
// at least, at its measured rates of multiply-adds and of reading memory, as a share of the time
// taken. Data that a cache still holds can take less than that.
void report(benchmark::State& state, const Work& work, const Peaks& peaks);

// A call of one kernel, with all its arrays.
using Call = std::function<void(const Kernels<float>&)>;

// Registers KERNEL/BACKEND/SHAPE for every backend of this machine. `prepare` makes the arrays, and
// fills those that are a forward pass's results with the kernels given.
void add_kernel(const std::string& kernel, const std::string& shape, const Work& work,
                const std::function<Call(const Kernels<float>&)>& prepare);

// Registers a benchmark under its name, timed by the clock on the wall.
void add_benchmark(const std::string& name, const std::function<void(benchmark::State&)>& run);

// Normally distributed numbers.
Tensor<float> noise(const Shape& shape);

void add_machine_benchmarks();
void add_matmul_benchmarks(const Batch& batch);
void add_elementwise_benchmarks(const Batch& batch);
void add_row_benchmarks(const Batch& batch);
void add_cell_benchmarks(const Batch& batch);
void add_step_benchmarks(const Batch& batch);

}  // namespace carousel::bench
