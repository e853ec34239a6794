#include "examples/language_model/resume_command.h"

#include <cerrno>

#include "core/error.h"

namespace carousel::program {

namespace {

// A word as a shell reads it.
std::string quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

}  // namespace

std::string resume_command(const std::filesystem::path& directory) {
  return fmt::format("{} train --resume {}", quoted(program_invocation_name),
                     quoted(directory.string()));
}

}  // namespace carousel::program
