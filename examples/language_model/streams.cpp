#include "examples/language_model/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "core/error.h"

namespace carousel::program {

void prepare_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  // open() takes the lowest free number, so this fills the closed ones among 0, 1 and 2. Reading
  // only: what is written to a closed stream still fails.
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened > STDERR_FILENO) ::close(opened);
}

void print(std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      throw OutputClosed();
    } else if (errno != EINTR) {
      fail("cannot write to standard output: {}", std::strerror(errno));
    }
  }
}

void print_note(std::string_view sentence) {
  std::string line = fmt::format("carousel: {}", sentence);
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

}  // namespace carousel::program
