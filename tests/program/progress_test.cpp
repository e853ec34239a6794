// What training shows on standard error.

#include "examples/language_model/progress.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace {

constexpr std::size_t columns = 50;

struct Scene {
  TemporaryDirectory directory;
  Arguments train;

  Scene() {
    put(directory / "text", tiny_text(500));
    put(directory / "config", to_json(tiny_config()));
    train = {"train",
             "--model",
             (directory / "config").string(),
             "--data",
             (directory / "text").string(),
             "--out",
             (directory / "out").string(),
             "--steps",
             "6",
             "--eval-every",
             "3",
             "--batch",
             "2",
             "--context",
             "8",
             "--sample",
             "0"};
  }
};

// What the program writes to a terminal of that many columns as its stderr.
std::string run_on_terminal(const Arguments& arguments) {
  const int main_end = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(main_end >= 0);
  REQUIRE(::grantpt(main_end) == 0);
  REQUIRE(::unlockpt(main_end) == 0);
  const int terminal = ::open(::ptsname(main_end), O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(terminal >= 0);
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  REQUIRE(::ioctl(terminal, TIOCSWINSZ, &size) == 0);
  StartedProgram program(arguments, -1, terminal);
  ::close(terminal);
  std::string text;
  char buffer[4096];
  for (::ssize_t got = 0; (got = ::read(main_end, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  CHECK(program.wait().exit_code == 0);
  ::close(main_end);
  return text;
}

}  // namespace

TEST_CASE("progress: a file gets whole lines: the first step, the last, and validations") {
  const Scene s;
  const Run run = run_program(s.train);
  REQUIRE(run.exit_code == 0);
  CHECK(run.error.find('\r') == std::string::npos);
  const auto shown = lines(run.error);
  REQUIRE(shown.size() == 4);
  CHECK(shown[1].starts_with("step 1/6  loss "));
  CHECK(shown[2].starts_with("step 3/6  loss "));
  CHECK(shown[2].find("  val ") != std::string::npos);
  CHECK(shown[3].starts_with("step 6/6  loss "));
  for (const char* const part : {"bits/byte", "grad", "lr", "tokens/s", "left"}) {
    CHECK(shown[1].find(part) != std::string::npos);
  }
}

TEST_CASE("progress: a terminal gets one line that is rewritten and never wraps") {
  const Scene s;
  const std::string text = run_on_terminal(s.train);
  const auto first = text.find("step 1/6");
  REQUIRE(first != std::string::npos);
  REQUIRE(first > 0);
  CHECK(text[first - 1] == '\r');
  std::size_t width = 0;
  for (const char c : text.substr(first)) {
    width = c == '\r' || c == '\n' ? 0 : width + 1;
    CHECK(width < columns);
  }
  CHECK(text.ends_with("\n"));
}

TEST_CASE("progress: durations") {
  CHECK(program::duration(0) == "0:00");
  CHECK(program::duration(59.2) == "1:00");
  CHECK(program::duration(3723) == "1:02:03");
  CHECK(program::duration(1e300) == program::duration(1e9));
}

}  // namespace carousel
