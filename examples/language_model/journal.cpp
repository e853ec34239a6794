#include "examples/language_model/journal.h"

#include "core/error.h"

namespace carousel::program {

std::string to_json(const StepMetrics& metrics) {
  std::string text =
      fmt::format(R"({{"step": {}, "loss": {}, "grad_norm": {}, "lr": {})", metrics.step,
                  metrics.loss, metrics.gradient_norm, metrics.learning_rate);
  if (metrics.val_loss) text += fmt::format(R"(, "val_loss": {})", *metrics.val_loss);
  return text + "}";
}

Journal::Journal(const std::filesystem::path& directory, const std::filesystem::path& before)
    : metrics_(directory / "metrics.jsonl"), speed_(directory / "speed.jsonl") {
  if (before.empty()) return;
  for (GrowingFile* const file : {&metrics_, &speed_}) {
    file->write(read_file(before / file->path().filename(), Empty::allowed));
  }
}

void Journal::add(const StepMetrics& metrics, double tokens_per_second) {
  metrics_.write(to_json(metrics) + "\n");
  speed_.write(fmt::format("{{\"step\": {}, \"tokens_per_second\": {}}}\n", metrics.step,
                           tokens_per_second));
}

void Journal::flush() {
  metrics_.flush();
  speed_.flush();
}

void Journal::copy_to(const std::filesystem::path& directory) const {
  for (const GrowingFile* const file : {&metrics_, &speed_}) {
    write_file_atomically(directory / file->path().filename(),
                          read_file(file->path(), Empty::allowed));
  }
}

}  // namespace carousel::program
