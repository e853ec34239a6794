// The benchmarks' results as a table for people.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>

namespace carousel::bench {

// One line per benchmark, the fastest where it was repeated: time, GFLOP/s, GB/s, the share of the
// machine's peak, how many times as fast as the reference backend in this run, and other counters.
class Table : public benchmark::BenchmarkReporter {
 public:
  explicit Table(std::string title) : title_(std::move(title)) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  std::string title_;
  int name_width_ = 0;
  std::map<std::string, double> reference_seconds_;  // by name without the backend
};

}  // namespace carousel::bench
