#include "examples/language_model/metrics.h"

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace carousel::program {

std::string to_json(const StepMetrics& metrics) {
  std::string text =
      fmt::format(R"({{"step": {}, "loss": {}, "grad_norm": {}, "lr": {}, "tokens_per_second": {})",
                  metrics.step, metrics.loss, metrics.gradient_norm, metrics.learning_rate,
                  metrics.tokens_per_second);
  if (metrics.val_loss) text += fmt::format(R"(, "val_loss": {})", *metrics.val_loss);
  return text + "}";
}

MetricsFile::MetricsFile(std::filesystem::path path) : path_(std::move(path)), file_(path_) {
  CAROUSEL_CHECK(file_.good(), "cannot write {}: {}", path_.string(), std::strerror(errno));
}

void MetricsFile::add(const StepMetrics& metrics) {
  errno = 0;
  file_ << to_json(metrics) << '\n' << std::flush;
  CAROUSEL_CHECK(file_.good(), "cannot write {}: {}", path_.string(), std::strerror(errno));
}

}  // namespace carousel::program
