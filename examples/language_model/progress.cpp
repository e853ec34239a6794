#include "examples/language_model/progress.h"

#include <fmt/format.h>

#include <numbers>

namespace carousel::program {

void Progress::show(const StepMetrics& metrics, double rate, double remaining) {
  const bool always = metrics.step == 1 || metrics.step == steps_ || metrics.val_loss;
  if (!always && !status_.due()) return;
  status_.show(line(metrics, rate, remaining), metrics.val_loss.has_value());
}

std::string Progress::line(const StepMetrics& metrics, double rate, double remaining) const {
  const char* const unit = per_byte_ ? "byte" : "token";
  std::string text = fmt::format("step {}/{}  loss {:.4f}  bits/{} {:.4f}", metrics.step, steps_,
                                 metrics.loss, unit, metrics.loss / std::numbers::ln2);
  if (metrics.val_loss) {
    text += fmt::format("  val {:.4f} ({:.4f} bits/{})", *metrics.val_loss,
                        *metrics.val_loss / std::numbers::ln2, unit);
  }
  return text + fmt::format("  grad {:.3g}  lr {:.3g}  {:.0f} tokens/s  {} left",
                            metrics.gradient_norm, metrics.learning_rate, rate,
                            duration(remaining));
}

}  // namespace carousel::program
