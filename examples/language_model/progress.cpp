#include "examples/language_model/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "core/error.h"

namespace carousel::program {

namespace {

std::size_t terminal_width() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(std::int64_t steps, bool per_byte)
    : steps_(steps), per_byte_(per_byte), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (width_shown_ > 0) std::fputc('\n', stderr);
}

void Progress::show(const StepMetrics& metrics, double rate, double remaining) {
  using std::chrono::milliseconds;
  const auto now = Clock::now();
  const bool always = metrics.step == 1 || metrics.step == steps_ || metrics.val_loss;
  if (!always && now - shown_ < milliseconds(terminal_ ? 200 : 10000)) return;
  shown_ = now;
  const std::string text = line(metrics, rate, remaining);
  if (!terminal_) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  rewrite(text);
  if (!metrics.val_loss) return;
  std::fputc('\n', stderr);  // a validation stays to be read
  width_shown_ = 0;
}

void Progress::rewrite(std::string text) {
  text.resize(std::min(text.size(), terminal_width() - 1));
  const std::size_t blanks = width_shown_ - std::min(width_shown_, text.size());
  width_shown_ = text.size();
  std::fprintf(stderr, "\r%s%*s", text.c_str(), static_cast<int>(blanks), "");
  std::fflush(stderr);
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

std::string duration(double seconds) {
  const auto total = static_cast<std::int64_t>(std::clamp(std::ceil(seconds), 0.0, 1e9));
  const std::int64_t hours = total / 3600, minutes = total / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, total % 60)
                   : fmt::format("{}:{:02}", minutes, total % 60);
}

}  // namespace carousel::program
