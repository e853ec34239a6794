// RunHistory: what a training run has written about itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "examples/language_model/report/curve.h"

namespace carousel::program {

// A text that the model wrote.
struct Sample {
  std::int64_t step;
  std::string text;
};

// Keys, joined by dots, and values as JSON.
using Settings = std::vector<std::pair<std::string, std::string>>;

struct RunHistory {
  std::string name;  // the directory as it was given
  bool finished = true;
  Curve loss, val_loss, grad_norm, lr, tokens_per_second;
  std::vector<Sample> samples;
  Settings model, training;
};

// Reads the --out of a run: config.json and metrics.jsonl, and speed.jsonl, samples.jsonl and
// options.json where they are there. Of a run that is not finished they are in
// DIR/unfinished-training. Throws Error with file and line for what `carousel train` would not have
// written: no line at all, broken JSON, keys that are missing or unknown, steps that do not rise.
RunHistory read_run(const std::filesystem::path& directory);

}  // namespace carousel::program
