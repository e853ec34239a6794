// Journal: what a run writes about itself as it goes. One JSON object per training step in
// metrics.jsonl and speed.jsonl, one per sample in samples.jsonl, and the same numbers for
// TensorBoard.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

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

// The files that are not for everyone.
struct JournalFiles {
  bool samples = false;
  bool tensorboard = false;  // events.out.tfevents
};

class Journal {
 public:
  // Files in the directory that start empty, or as those in `before`. Throws Error when they
  // cannot be read or made.
  Journal(const std::filesystem::path& directory, const JournalFiles& files,
          const std::filesystem::path& before = {});

  // Add a line or record to each file, which can be read at once. Throw Error when it cannot be
  // written. Bytes of a text that are no UTF-8 become U+FFFD.
  void add(const StepMetrics& metrics, double tokens_per_second);
  void add_sample(std::int64_t step, std::string_view text);

  // Brings all to the disk. Throws Error when it refuses.
  void flush();

  // Copies of all as they are now. Throws Error when they cannot be read or written.
  void copy_to(const std::filesystem::path& directory) const;

 private:
  void add_events(const StepMetrics& metrics, double tokens_per_second);

  GrowingFile metrics_, speed_;
  std::optional<GrowingFile> samples_, events_;
  std::vector<GrowingFile*> files_;  // those that there are
};

}  // namespace carousel::program
