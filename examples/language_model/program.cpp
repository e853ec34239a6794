#include "examples/language_model/program.h"

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

int run_program(int argc, const char* const* argv) {
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

}  // namespace carousel::program
