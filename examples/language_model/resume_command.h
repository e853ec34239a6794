// The command that goes on with a run that was stopped.
#pragma once

#include <filesystem>
#include <string>

namespace carousel::program {

// For a shell, with this program called as it was.
std::string resume_command(const std::filesystem::path& directory);

}  // namespace carousel::program
