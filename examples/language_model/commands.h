// The subcommands. Each returns the program's exit code, and throws Error where it cannot go on.
#pragma once

#include "examples/language_model/options/options.h"

namespace carousel::program {

int run(const TrainOptions& options);
int run(const PrepareCommandOptions& options);
int run(const GenerateOptions& options);
int run(const EvalOptions& options);
int run(const GradcheckOptions& options);
int run(const InfoOptions& options);
int run(const TokenizerTrainOptions& options);
int run(const TokenizerEncodeOptions& options);
int run(const TokenizerDecodeOptions& options);
int run(const TokenizerInfoOptions& options);
int run(const ReportOptions& options);
int run(const InspectOptions& options);

}  // namespace carousel::program
