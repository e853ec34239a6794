#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

namespace {

void check(const CLI::App& app, const PrepareCommandOptions& options) {
  if (!options.verify.empty()) {
    for (const CLI::Option* const option : app.get_options()) {
      const std::string name = option->get_name();
      if (option->count() > 0 && name != "--verify" && name != "--threads") {
        throw CLI::ValidationError("--verify", fmt::format("cannot be combined with {}", name));
      }
    }
    return;
  }
  if (options.inputs.empty()) throw CLI::ValidationError("PATH", "got none, want texts");
  if (options.out.empty()) throw CLI::ValidationError("--out", "is missing");
}

}  // namespace

void add_prepare(CLI::App& program, PrepareCommandOptions& options) {
  CLI::App& app = *program.add_subcommand("prepare", "Turn texts into token files to train on");
  add_paths(app, "PATH", options.inputs, "",
            "Texts: files of one document each, JSONL files (*.jsonl) of one\n"
            "in each line, the string under \"text\", and directories with\n"
            "these, without those whose names begin with a dot")
      ->group("Data");
  add_number(app, "--val-fraction", options.val_fraction, below_one,
             "Chance of each document to be kept for validation")
      ->group("Data");
  add_path(app, "--tokenizer", options.tokenizer, "byte|PATH",
           "How text becomes tokens, as for carousel train")
      ->group("Tokens");
  app.add_option_function<std::string>(
         "--separator", [&options](const std::string& text) { options.separator = text; },
         "Special token to put before each document, '' for none; default:\n"
         "<|endoftext|> where the tokenizer has it")
      ->type_name("TEXT")
      ->group("Tokens");
  add_path(app, "--out", options.out, "DIR", "New directory to make")->group("Output");
  add_number(app, "--shard-tokens", options.shard_tokens, size, "Tokens in a file, or a few more")
      ->group("Output");
  add_path(app, "--verify", options.verify, "DIR",
           "Instead, read a directory that was made and compare checksums")
      ->group("Output");
  add_threads(app, options.threads);
  add_number(app, "--seed", options.seed, any_seed, "Of the choice for validation")
      ->group("Machine");
  app.footer(
      "Training reads what a step needs, so the data may be larger than the memory, and trusts "
      "it:\n"
      "use --verify after copying. Ctrl-C leaves nothing behind.");
  app.final_callback([&app, &options] { check(app, options); });
}

}  // namespace carousel::program
