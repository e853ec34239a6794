#include "examples/language_model/journal.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "examples/language_model/event_file.h"

namespace carousel::program {

namespace {

// Seconds since 1970.
double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::string to_json(const StepMetrics& metrics) {
  std::string text =
      fmt::format(R"({{"step": {}, "loss": {}, "grad_norm": {}, "lr": {})", metrics.step,
                  metrics.loss, metrics.gradient_norm, metrics.learning_rate);
  if (metrics.val_loss) text += fmt::format(R"(, "val_loss": {})", *metrics.val_loss);
  return text + "}";
}

Journal::Journal(const std::filesystem::path& directory, const JournalFiles& files,
                 const std::filesystem::path& before)
    : metrics_(directory / "metrics.jsonl"),
      speed_(directory / "speed.jsonl"),
      files_{&metrics_, &speed_} {
  if (files.samples) files_.push_back(&samples_.emplace(directory / "samples.jsonl"));
  if (files.tensorboard) files_.push_back(&events_.emplace(directory / "events.out.tfevents"));
  if (before.empty()) {
    if (events_) events_->write(first_event(wall_time()));
    return;
  }
  for (GrowingFile* const file : files_) {
    file->write(read_file(before / file->path().filename(), Empty::allowed));
  }
}

void Journal::add(const StepMetrics& metrics, double tokens_per_second) {
  metrics_.write(to_json(metrics) + "\n");
  speed_.write(fmt::format("{{\"step\": {}, \"tokens_per_second\": {}}}\n", metrics.step,
                           tokens_per_second));
  if (events_) add_events(metrics, tokens_per_second);
}

void Journal::add_events(const StepMetrics& metrics, double tokens_per_second) {
  std::vector<Scalar> scalars{{"loss", metrics.loss},
                              {"grad_norm", metrics.gradient_norm},
                              {"lr", metrics.learning_rate},
                              {"tokens_per_second", tokens_per_second}};
  if (metrics.val_loss) scalars.push_back({"val_loss", *metrics.val_loss});
  events_->write(scalar_event(wall_time(), metrics.step, scalars));
}

void Journal::add_sample(std::int64_t step, std::string_view text) {
  const nlohmann::json line{{"step", step}, {"text", text}};
  const auto replace = nlohmann::json::error_handler_t::replace;
  samples_.value().write(line.dump(-1, ' ', /*ensure_ascii=*/false, replace) + "\n");
}

void Journal::flush() {
  for (GrowingFile* const file : files_) file->flush();
}

void Journal::copy_to(const std::filesystem::path& directory) const {
  for (const GrowingFile* const file : files_) {
    write_file_atomically(directory / file->path().filename(),
                          read_file(file->path(), Empty::allowed));
  }
}

}  // namespace carousel::program
