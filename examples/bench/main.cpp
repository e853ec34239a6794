// carousel-bench: how fast kernels, training and decoding are, beside what the machine can do.
//
// stdout carries results; everything else goes to stderr. Exit codes: 0 done, 1 could not be done,
// 2 the command line makes no sense.
#include <algorithm>

#include "examples/bench/blas.h"
#include "examples/bench/command_line.h"
#include "examples/bench/table.h"
#include "examples/language_model/streams.h"

namespace carousel::bench {

namespace {

void print_note(const std::string& sentence) {
  fmt::print(stderr, "carousel-bench: {}\n", sentence);
}

std::string describe_machine() {
  std::string gpu;
  if (available(Device::cuda)) {
    use_engine("cuda");
    const Peaks most = peaks();
    gpu = fmt::format("; cuda: products {:.0f} GFLOP/s, copies {:.0f} GB/s", most.flops / 1e9,
                      most.update / 1e9);
  }
  use_engine(backend());
  const auto [flops, read, update] = peaks();
  return fmt::format(
      "{} thread{}; peak {:.1f} GFLOP/s; memory {:.1f} GB/s read, {:.1f} GB/s updated; {}{}",
      threads(), threads() == 1 ? "" : "s", flops / 1e9, read / 1e9, update / 1e9, describe_blas(),
      gpu);
}

bool has_option(const BenchmarkOptions& options, std::string_view name) {
  const auto& words = options.google_benchmark;
  return std::any_of(words.begin(), words.end(),
                     [name](const std::string& word) { return word.starts_with(name); });
}

int run(const BenchmarkOptions& options) {
  set_threads(options.threads);
  std::vector<std::string> words{"carousel-bench", "--benchmark_min_time=0.1"};
  words.insert(words.end(), options.google_benchmark.begin(), options.google_benchmark.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int argc = static_cast<int>(words.size());
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1) {
    print_note(
        fmt::format("there is no subcommand or option {} (see carousel-bench --help)", argv[1]));
    return 2;
  }
  add_machine_benchmarks();
  add_matmul_benchmarks(options.batch);
  add_elementwise_benchmarks(options.batch);
  add_row_benchmarks(options.batch);
  add_cell_benchmarks(options.batch);
  add_step_benchmarks(options.batch);
  add_data_benchmarks(options.batch);

  std::size_t count = 0;
  if (has_option(options, "--benchmark_list_tests")) {
    count = benchmark::RunSpecifiedBenchmarks();
  } else if (has_option(options, "--benchmark_format")) {
    benchmark::AddCustomContext("machine", describe_machine());
    count = benchmark::RunSpecifiedBenchmarks();
  } else {
    Table table(describe_machine());
    count = benchmark::RunSpecifiedBenchmarks(&table);
  }
  return count > 0 ? 0 : 1;
}

int run(const MatmulOptions& options) {
  set_threads(options.threads);
  return compare_matmul(options);
}

int run(const TrainOptions& options) {
  set_threads(options.threads);
  return time_training(options);
}

int run(const DecodeOptions& options) {
  set_threads(options.threads);
  return time_decoding(options);
}

int run(const TokenizerTimingOptions& options) { return time_tokenizer(options); }

int run_command_line(int argc, const char* const* argv) {
  const auto parsed = parse_command_line(argc, argv);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    if (!answer->error.empty()) print_note(answer->error);
    program::print(answer->output);
    return answer->exit_code;
  }
  return std::visit([](const auto& options) { return run(options); }, std::get<Options>(parsed));
}

}  // namespace

}  // namespace carousel::bench

int main(int argc, char** argv) {
  using namespace carousel;
  try {
    program::prepare_streams();
    return bench::run_command_line(argc, argv);
  } catch (const program::OutputClosed&) {
    return 128 + 13;  // as if SIGPIPE had ended the program
  } catch (const std::exception& error) {
    bench::print_note(error.what());
  }
  return 1;
}
