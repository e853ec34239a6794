// Journal: metrics.jsonl and speed.jsonl, one JSON object per training step in each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "core/file.h"

namespace carousel::program {

// What was computed: the same in every run with the same options.
struct StepMetrics {
  std::int64_t step;  // from 1
  double loss;
  double gradient_norm;
  double learning_rate;
  std::optional<double> val_loss = {};
};

// The shortest decimals that read back as the same doubles.
std::string to_json(const StepMetrics& metrics);

class Journal {
 public:
  // Files in the directory that start empty, or as those in `before`. Throws Error when they
  // cannot be read or made.
  explicit Journal(const std::filesystem::path& directory,
                   const std::filesystem::path& before = {});

  // Adds a line to each, which can be read at once. Throws Error when it cannot be written.
  void add(const StepMetrics& metrics, double tokens_per_second);

  // Brings both to the disk. Throws Error when it refuses.
  void flush();

  // Copies of both as they are now. Throws Error when they cannot be read or written.
  void copy_to(const std::filesystem::path& directory) const;

 private:
  GrowingFile metrics_, speed_;
};

}  // namespace carousel::program
