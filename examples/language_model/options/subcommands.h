// The subcommands' options, each in its own file. They write into the struct they are given, which
// must live as long as the App.
#pragma once

#include <CLI/CLI.hpp>

#include "examples/language_model/options/options.h"

namespace carousel::program {

void add_train(CLI::App& program, TrainOptions& options);
void add_prepare(CLI::App& program, PrepareCommandOptions& options);
void add_generate(CLI::App& program, GenerateOptions& options);
void add_eval(CLI::App& program, EvalOptions& options);
void add_gradcheck(CLI::App& program, GradcheckOptions& options);
void add_info(CLI::App& program, InfoOptions& options);
void add_report(CLI::App& program, ReportOptions& options);
void add_inspect(CLI::App& program, InspectOptions& options);

// Subcommands of one: carousel tokenizer train, …
struct TokenizerOptions {
  TokenizerTrainOptions train;
  TokenizerEncodeOptions encode;
  TokenizerDecodeOptions decode;
  TokenizerInfoOptions info;
};
void add_tokenizer(CLI::App& program, TokenizerOptions& options);
Options chosen(const CLI::App& tokenizer, const TokenizerOptions& options);

}  // namespace carousel::program
