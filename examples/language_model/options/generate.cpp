#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

void add_generate(CLI::App& program, GenerateOptions& options) {
  CLI::App& app = *program.add_subcommand("generate", "Continue a text");
  add_path(app, "--model", options.model, "DIR", "The model directory")->required()->group("Model");
  app.add_option("--prompt", options.prompt,
                 "What to continue; printed first. Without one the model is\n"
                 "given a line break, which is not printed")
      ->type_name("TEXT")
      ->group("Text");
  add_number(app, "--tokens", options.tokens, not_negative, "Tokens to write")->group("Text");
  add_number(app, "--temperature", options.temperature, zero_or_above,
             "Divides the logits; 0: always the likeliest token")
      ->group("Sampling");
  add_number(app, "--top-k", options.top_k, not_negative,
             "Choose among the K likeliest tokens only; 0: among all")
      ->group("Sampling");
  add_number(app, "--top-p", options.top_p, share,
             "Then among the likeliest whose probabilities reach P; 1: all")
      ->group("Sampling");
  add_number(app, "--seed", options.seed, any_seed, "The same seed writes the same text")
      ->group("Sampling");
  add_device(app, options.device);
  add_dtype(app, options.dtype);
  add_threads(app, options.threads);
  app.footer("Memory does not grow with the length of the text.");
  app.final_callback([&options] { check_dtype(options.dtype, options.device); });
}

}  // namespace carousel::program
