#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

void add_gradcheck(CLI::App& program, GradcheckOptions& options) {
  CLI::App& app = *program.add_subcommand(
      "gradcheck", "Compare every gradient with difference quotients, in double precision");
  app.add_option("--filter", options.filter, "Only cases whose name or note contains this")
      ->type_name("TEXT")
      ->group("Cases");
  add_device(app, options.device);
  add_threads(app, options.threads);
  app.footer(
      "Prints a row per case: the op, what the case is about, its inputs, the worst relative "
      "error\n"
      "and where it is. The exit code is 1 if a case fails.");
}

void add_info(CLI::App& program, InfoOptions& options) {
  CLI::App& app = *program.add_subcommand("info", "Show what is in a model directory");
  add_path(app, "DIR", options.model, "", "The model directory")->required();
}

}  // namespace carousel::program
