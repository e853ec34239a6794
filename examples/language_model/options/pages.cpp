#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

void add_report(CLI::App& program, ReportOptions& options) {
  CLI::App& app = *program.add_subcommand("report", "Show how training went, as a web page");
  add_paths(app, "RUN", options.runs, "DIR", "The --out of training runs, finished or not")
      ->required();
  add_path(app, "--out", options.out, "FILE", "The page")->group("Output");
  app.footer(
      "One file that needs nothing else: curves of all runs over each other, how their\n"
      "configurations differ, and the samples they wrote (train --sample-every).");
}

void add_inspect(CLI::App& program, InspectOptions& options) {
  CLI::App& app = *program.add_subcommand(
      "inspect", "Show what happens in a model while it reads, as a web page");
  add_path(app, "--model", options.model, "DIR", "The model directory")->required()->group("Model");
  app.add_option("--prompt", options.prompt, "What to read, 2 to 4096 tokens")
      ->type_name("TEXT")
      ->required()
      ->group("Text");
  add_path(app, "--out", options.out, "FILE", "The page")->group("Output");
  add_choice(app, "--dtype", options.dtype, "Numbers to compute with", wide_dtypes)
      ->group("Machine");
  add_threads(app, options.threads);
  app.footer(
      "One file that needs nothing else: gates, stabiliser, normaliser and memory of every layer\n"
      "and head, token by token, with their equations, and the norms of the gradient.");
}

}  // namespace carousel::program
