// Standard output, for results, and standard error, for everything else.
#pragma once

#include <exception>
#include <string_view>

namespace carousel::program {

// Whoever read standard output has gone away: not worth a message.
class OutputClosed : public std::exception {
 public:
  const char* what() const noexcept override { return "standard output is closed"; }
};

// Makes writing to a closed pipe an error instead of a signal, and keeps files that are opened
// later from taking the place of a standard stream that is closed.
void prepare_streams();

// Writes to standard output, unbuffered. Throws OutputClosed, or Error where it cannot be written.
void print(std::string_view text);

// "carousel: …" as one line on standard error.
void print_note(std::string_view sentence);

bool output_is_terminal();

}  // namespace carousel::program
