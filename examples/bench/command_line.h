// The command line of carousel-bench.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/parallel.h"
#include "examples/bench/benchmarks.h"
#include "examples/bench/matmul_comparison.h"
#include "examples/bench/timing.h"
#include "examples/bench/tokenizer_timing.h"

namespace carousel::bench {

struct BenchmarkOptions {
  Batch batch{8, 256};
  int threads = carousel::threads();
  std::vector<std::string> google_benchmark;  // options that are for Google Benchmark
};

struct MatmulOptions : MatmulComparisonOptions {
  int threads = carousel::threads();
};
struct TrainOptions : TimingOptions {
  int threads = carousel::threads();
};
struct DecodeOptions : TimingOptions {
  int threads = carousel::threads();
};
using Options = std::variant<BenchmarkOptions, MatmulOptions, TrainOptions, DecodeOptions,
                             TokenizerTimingOptions>;

// What to print instead of running, with an exit code: help, or a complaint.
struct Answer {
  std::string output, error;
  int exit_code;
};

std::variant<Options, Answer> parse_command_line(int argc, const char* const* argv);

}  // namespace carousel::bench
