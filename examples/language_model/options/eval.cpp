#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

void add_eval(CLI::App& program, EvalOptions& options) {
  CLI::App& app = *program.add_subcommand("eval", "Measure how well a model predicts files");
  add_path(app, "--model", options.model, "DIR", "The model directory")->required()->group("Model");
  add_paths(app, "--data", options.data, "DIR|FILE",
            "What to predict: files one after the other, texts or token files\n"
            "ending in .bin (nanoGPT's and llm.c's), or the validation\n"
            "documents of a directory that carousel prepare made (all of them\n"
            "where it keeps none)")
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
  app.add_flag("--documents", options.documents,
               "Start each document (a file, or what carousel prepare took for\n"
               "one) from a fresh state, and do not predict its first token")
      ->group("Data");
  add_path(app, "--logits", options.logits, "FILE",
           "Write a safetensors file with a tensor \"logits\" (N, V): one row\n"
           "per predicted token, in file order")
      ->group("Output");
  add_paths(app, "--by-frequency", options.by_frequency, "DIR|FILE",
            "Also print how well words are predicted by how often they stand in\n"
            "this training text: files as --data takes them, or the training\n"
            "documents of a directory that carousel prepare made. A word is\n"
            "what stands between white space, a line break, or a special token;\n"
            "a token belongs to the word that its last byte is in")
      ->group("Output");
  app.add_flag("--json", options.json, "Print one JSON object")->group("Output");
  add_device(app, options.device);
  add_dtype(app, options.dtype);
  add_threads(app, options.threads);
  app.footer(
      "The first token is given, every other one is predicted. Loss is the mean over the "
      "predicted\n"
      "tokens, in nats.");
  app.final_callback([&options] { check_dtype(options.dtype, options.device); });
}

}  // namespace carousel::program
