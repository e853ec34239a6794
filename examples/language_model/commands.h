// The subcommands. Each returns the program's exit code, and throws Error where it cannot go on.
#pragma once

#include "examples/language_model/options/options.h"

namespace carousel::program {

int run(const TrainOptions& options);
int run(const GenerateOptions& options);
int run(const EvalOptions& options);
int run(const GradcheckOptions& options);
int run(const InfoOptions& options);

}  // namespace carousel::program
