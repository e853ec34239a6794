// StatusLine: how long work goes, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace carousel::program {

// On a terminal one line that is rewritten, at most five times a second and never wider than the
// terminal; elsewhere a line every ten seconds.
class StatusLine {
 public:
  StatusLine();
  ~StatusLine();  // ends the line
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // Whether enough time has passed since the last one was shown.
  bool due() const;

  // Shows a text now. On a terminal, one that is to stay gets its line for itself.
  void show(std::string text, bool stays = false);

 private:
  using Clock = std::chrono::steady_clock;

  void rewrite(std::string text);

  bool terminal_;
  Clock::time_point shown_{};
  std::size_t width_shown_ = 0;  // of the line on the terminal
};

// "1:02:03", "2:03"
std::string duration(double seconds);

}  // namespace carousel::program
