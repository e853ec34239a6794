#include "tests/program/run_program.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "core/error.h"
#include "core/file.h"

extern char** environ;

namespace carousel {

namespace {

void connect(posix_spawn_file_actions_t& actions, int stream, int given,
             const std::filesystem::path& file) {
  if (given >= 0) {
    posix_spawn_file_actions_adddup2(&actions, given, stream);
  } else {
    posix_spawn_file_actions_addopen(&actions, stream, file.c_str(), O_CREAT | O_WRONLY, 0600);
  }
}

}  // namespace

StartedProgram::StartedProgram(const Arguments& arguments, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  connect(actions, STDOUT_FILENO, out, directory_ / "out");
  connect(actions, STDERR_FILENO, err, directory_ / "err");
  std::vector<char*> argv{const_cast<char*>("carousel")};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int problem = posix_spawn(&pid_, CAROUSEL_PROGRAM, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  CAROUSEL_CHECK(problem == 0, "cannot start {}: error {}", CAROUSEL_PROGRAM, problem);
}

StartedProgram::~StartedProgram() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void StartedProgram::signal(int number) const { ::kill(pid_, number); }

std::int64_t StartedProgram::peak_memory() const {
  std::ifstream status(fmt::format("/proc/{}/status", pid_));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

Run StartedProgram::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  const auto collected = [&](const char* name) {
    const auto path = directory_ / name;
    return std::filesystem::exists(path) ? read_file(path, Empty::allowed) : std::string();
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), collected("out"),
          collected("err")};
}

Run run_program(const Arguments& arguments) { return StartedProgram(arguments).wait(); }

Run run_program_into(const std::filesystem::path& out, const Arguments& arguments) {
  const int descriptor = ::open(out.c_str(), O_WRONLY | O_CLOEXEC);
  Run run = StartedProgram(arguments, descriptor).wait();
  ::close(descriptor);
  return run;
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

void check_failed(const Run& run, int exit_code, const std::vector<std::string>& culprits) {
  INFO("stdout: ", run.output);
  INFO("stderr: ", run.error);
  CHECK(run.exit_code == exit_code);
  CHECK(run.output.empty());
  const auto messages = lines(run.error);
  REQUIRE(!messages.empty());
  CHECK(messages.back().starts_with("carousel: "));
  for (const auto& culprit : culprits) {
    INFO("wanted in it: ", culprit);
    CHECK(messages.back().find(culprit) != std::string::npos);
  }
}

}  // namespace carousel
