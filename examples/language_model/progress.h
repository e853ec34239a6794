// Progress: how training goes, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "examples/language_model/journal.h"

namespace carousel::program {

// On a terminal one line that is rewritten, at most five times a second and never wider than the
// terminal; elsewhere a line for the first and the last step, each validation, and every ten
// seconds.
class Progress {
 public:
  Progress(std::int64_t steps, bool per_byte);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // rate: tokens per second since the run started or was resumed; remaining: seconds.
  void show(const StepMetrics& metrics, double rate, double remaining);

 private:
  using Clock = std::chrono::steady_clock;

  std::string line(const StepMetrics& metrics, double rate, double remaining) const;
  void rewrite(std::string text);

  std::int64_t steps_;
  bool per_byte_;
  bool terminal_;
  Clock::time_point shown_{};
  std::size_t width_shown_ = 0;  // of the line on the terminal
};

// "1:02:03", "2:03"
std::string duration(double seconds);

}  // namespace carousel::program
