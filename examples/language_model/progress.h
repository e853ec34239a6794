// Progress: how training goes, on standard error.
#pragma once

#include <cstdint>
#include <string>

#include "examples/language_model/journal.h"
#include "examples/language_model/status_line.h"

namespace carousel::program {

// A StatusLine that also shows the first and the last step and each validation, which stays.
class Progress {
 public:
  Progress(std::int64_t steps, bool per_byte) : steps_(steps), per_byte_(per_byte) {}

  // rate: tokens per second since the run started or was resumed; remaining: seconds.
  void show(const StepMetrics& metrics, double rate, double remaining);

 private:
  std::string line(const StepMetrics& metrics, double rate, double remaining) const;

  std::int64_t steps_;
  bool per_byte_;
  StatusLine status_;
};

}  // namespace carousel::program
