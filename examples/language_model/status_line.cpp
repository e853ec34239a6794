#include "examples/language_model/status_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace carousel::program {

namespace {

std::size_t terminal_width() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

StatusLine::StatusLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

StatusLine::~StatusLine() {
  if (width_shown_ > 0) std::fputc('\n', stderr);
}

bool StatusLine::due() const {
  using std::chrono::milliseconds;
  return Clock::now() - shown_ >= milliseconds(terminal_ ? 200 : 10000);
}

void StatusLine::show(std::string text, bool stays) {
  shown_ = Clock::now();
  if (!terminal_) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  rewrite(std::move(text));
  if (!stays) return;
  std::fputc('\n', stderr);
  width_shown_ = 0;
}

void StatusLine::rewrite(std::string text) {
  text.resize(std::min(text.size(), terminal_width() - 1));
  const std::size_t blanks = width_shown_ - std::min(width_shown_, text.size());
  width_shown_ = text.size();
  std::fprintf(stderr, "\r%s%*s", text.c_str(), static_cast<int>(blanks), "");
  std::fflush(stderr);
}

std::string duration(double seconds) {
  const auto total = static_cast<std::int64_t>(std::clamp(std::ceil(seconds), 0.0, 1e9));
  const std::int64_t hours = total / 3600, minutes = total / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, total % 60)
                   : fmt::format("{}:{:02}", minutes, total % 60);
}

}  // namespace carousel::program
