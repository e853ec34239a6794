// metrics.jsonl: one JSON object per training step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>

namespace carousel::program {

struct StepMetrics {
  std::int64_t step;  // from 1
  double loss;
  double gradient_norm;
  double learning_rate;
  double tokens_per_second;
  std::optional<double> val_loss = {};
};

// The shortest decimals that read back as the same doubles.
std::string to_json(const StepMetrics& metrics);

class MetricsFile {
 public:
  // Throws Error when the file cannot be made.
  explicit MetricsFile(std::filesystem::path path);

  // Adds a line, which can be read at once. Throws Error when it cannot be written.
  void add(const StepMetrics& metrics);

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace carousel::program
