// The built program, run as a user runs it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/core/temporary_directory.h"

namespace carousel {

struct Run {
  int exit_code = -1;  // 128 + n when signal n ended it
  std::string output;  // what went to stdout, where that is not another file
  std::string error;   // what went to stderr
};

using Arguments = std::vector<std::string>;

// A program that was started and may still be running.
class StartedProgram {
 public:
  // Output goes to the descriptors given, or is collected where they are −1.
  explicit StartedProgram(const Arguments& arguments, int out = -1, int err = -1);
  ~StartedProgram();  // kills it if it was not waited for
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;

  void signal(int number) const;
  // The most that was resident so far, in bytes; 0 when it has ended. (What wait4 says counts the
  // memory of the process that started it, too.)
  std::int64_t peak_memory() const;
  Run wait();

 private:
  TemporaryDirectory directory_;
  int pid_ = -1;
};

Run run_program(const Arguments& arguments);

// With stdout going to that file, which must exist.
Run run_program_into(const std::filesystem::path& out, const Arguments& arguments);

// The lines of a text, without their ends.
std::vector<std::string> lines(const std::string& text);

// Checks that the run ended with that code, that nothing went to stdout, and that the last line of
// stderr is a sentence of this program that names every culprit.
void check_failed(const Run& run, int exit_code, const std::vector<std::string>& culprits);

}  // namespace carousel
