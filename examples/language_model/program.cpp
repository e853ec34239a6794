#include "examples/language_model/program.h"

#include <sys/resource.h>

#include <new>

#include "examples/language_model/commands.h"
#include "examples/language_model/options/command_line.h"
#include "examples/language_model/streams.h"

namespace carousel::program {

namespace {

// A corpus keeps its files open. The usual limit of 1024 is for programs that call select().
void allow_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run_command_line(int argc, const char* const* argv) {
  const auto parsed = parse_command_line(argc, argv);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    if (!answer->error.empty()) print_note(answer->error);
    print(answer->output);
    return answer->exit_code;
  }
  return std::visit([](const auto& options) { return run(options); }, std::get<Options>(parsed));
}

}  // namespace

int run_program(int argc, const char* const* argv) {
  try {
    prepare_streams();
    allow_open_files();
    return run_command_line(argc, argv);
  } catch (const OutputClosed&) {
    return 128 + 13;  // as if SIGPIPE had ended the program
  } catch (const std::bad_alloc&) {
    print_note("there is not enough memory for this");
  } catch (const std::exception& error) {
    print_note(error.what());
  }
  return 1;
}

}  // namespace carousel::program
