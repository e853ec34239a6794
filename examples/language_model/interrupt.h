// Interrupt: Ctrl-C and SIGTERM as a question that a long loop asks.
#pragma once

namespace carousel::program {

// While it lives, the first SIGINT or SIGTERM only sets a flag. A second one ends the program.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  static bool requested();
  static int exit_code();  // 128 + the signal's number
};

}  // namespace carousel::program
