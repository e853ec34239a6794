// The command line as a whole.
#pragma once

#include <string>
#include <variant>

#include "examples/language_model/options/options.h"

namespace carousel::program {

// A command line that asks for no work: help, the version, or a mistake.
struct Answer {
  std::string output;  // for stdout
  std::string error;   // one sentence for stderr, or empty
  int exit_code = 0;
};

std::variant<Options, Answer> parse_command_line(int argc, const char* const* argv);

}  // namespace carousel::program
