#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

void add_eval(CLI::App& program, EvalOptions& options) {
  CLI::App& app = *program.add_subcommand("eval", "Measure how well a model predicts files");
  add_path(app, "--model", options.model, "DIR", "The model directory")->required()->group("Model");
  add_paths(app, "--data", options.data, "FILE",
            "What to predict, one file after the other: text, or token files\n"
            "ending in .bin (little-endian 16-bit ids)")
      ->required()
      ->group("Data");
  add_number(app, "--context", options.context, size,
             "Window length: the data is cut into windows of this many tokens,\n"
             "the last may be shorter, and each starts from a fresh state;\n"
             "default: the config's")
      ->group("Data");
  app.add_flag("--carry-state", options.carry_state,
               "Start each window from the state the one before ended in")
      ->group("Data");
  add_path(app, "--logits", options.logits, "FILE",
           "Write a safetensors file with a tensor \"logits\" (N, V): one row\n"
           "per predicted token, in file order")
      ->group("Output");
  app.add_flag("--json", options.json, "Print one JSON object")->group("Output");
  add_dtype(app, options.dtype);
  add_threads(app, options.threads);
  app.footer(
      "The first token is given, every other one is predicted. Loss is the mean over the "
      "predicted\n"
      "tokens, in nats.");
}

}  // namespace carousel::program
