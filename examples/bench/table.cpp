#include "examples/bench/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "examples/language_model/streams.h"

namespace carousel::bench {

namespace {

using Run = benchmark::BenchmarkReporter::Run;

// "kernel", "backend" and "shape" of kernel/backend/shape.
struct Name {
  std::string kernel, backend, shape;

  explicit Name(const std::string& text) {
    const auto first = text.find('/'), second = text.find('/', first + 1);
    kernel = text.substr(0, first);
    backend = text.substr(first + 1, second - first - 1);
    if (second != std::string::npos) shape = text.substr(second);
  }
};

double seconds(const Run& run) {
  return run.real_accumulated_time / static_cast<double>(std::max<std::int64_t>(1, run.iterations));
}

std::string time(const Run& run) {
  const double s = seconds(run);
  if (s >= 1) return fmt::format("{:.3f} s ", s);
  if (s >= 1e-3) return fmt::format("{:.3f} ms", s * 1e3);
  return fmt::format("{:.3f} us", s * 1e6);
}

// The counter in that format, or a dash where the run has none.
std::string counter(const Run& run, const char* name, fmt::format_string<double> format,
                    double factor = 1) {
  const auto found = run.counters.find(name);
  return found == run.counters.end() ? "-" : fmt::format(format, found->second.value * factor);
}

}  // namespace

bool Table::ReportContext(const Context& context) {
  name_width_ = static_cast<int>(context.name_field_width);
  program::print(fmt::format("{}\n\n{:<{}} {:>12} {:>9} {:>8} {:>6} {:>9}\n", title_, "benchmark",
                             name_width_, "time", "GFLOP/s", "GB/s", "peak", "reference"));
  return true;
}

void Table::ReportRuns(const std::vector<Run>& runs) {
  const Run* fastest = nullptr;
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    if (fastest == nullptr || seconds(run) < seconds(*fastest)) fastest = &run;
  }
  if (fastest == nullptr) return;

  const std::string text = fastest->run_name.function_name;
  const Name name(text);
  const std::string without_backend = name.kernel + name.shape;
  if (name.backend == "reference") reference_seconds_[without_backend] = seconds(*fastest);
  const auto reference = reference_seconds_.find(without_backend);
  const std::string ratio = reference == reference_seconds_.end()
                                ? "-"
                                : fmt::format("{:.2f} x", reference->second / seconds(*fastest));

  std::string line =
      fmt::format("{:<{}} {:>12} {:>9} {:>8} {:>6} {:>9}", text, name_width_, time(*fastest),
                  counter(*fastest, "GFLOP/s", "{:.2f}"), counter(*fastest, "GB/s", "{:.2f}"),
                  counter(*fastest, "peak", "{:.1f}%", 100), ratio);
  for (const auto& [what, value] : fastest->counters) {
    if (what == "GFLOP/s" || what == "GB/s" || what == "peak") continue;
    line += fmt::format("  {:.{}f} {}", value.value, value.value < 10 ? 3 : 0, what);
  }
  program::print(line + "\n");
}

}  // namespace carousel::bench
