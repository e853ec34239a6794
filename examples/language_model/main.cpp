// carousel: trains xLSTM language models and runs them.
//
// stdout carries results; everything else goes to stderr. Exit codes: 0 done, 1 could not be done,
// 2 the command line makes no sense, 128 + n stopped by signal n.

#include <new>

#include "examples/language_model/commands.h"
#include "examples/language_model/options/command_line.h"
#include "examples/language_model/streams.h"

namespace carousel::program {

namespace {

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

}  // namespace carousel::program

int main(int argc, char** argv) {
  using namespace carousel::program;
  try {
    prepare_streams();
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
