// Runs that are small enough to be stopped and repeated many times, and what comes out of them.
#pragma once

#include <filesystem>
#include <string>

#include "tests/program/run_program.h"

namespace carousel {

// All of a finished run that must not depend on how it got there.
struct Outcome {
  std::string config, weights, metrics, samples, output;
  bool operator==(const Outcome&) const = default;
};

struct TrainingScene {
  TemporaryDirectory directory{TemporaryDirectory::memory()};
  std::filesystem::path out = directory / "out";
  std::filesystem::path data = directory / "ids.bin";  // for --data

  // A model of 32 tokens and a file of 500.
  TrainingScene();

  // Makes data a prepared directory with the same tokens in 40 documents.
  void prepare_data();

  // `train` with --out, a context of 8 and a sample of 5 tokens, and more.
  Arguments anew(const Arguments& more) const;
  // `train --resume`.
  Arguments resume(const Arguments& more = {}) const;

  // In this process; told to stop, by SIGINT, when the line of that step is in the metrics.
  Run run_until(std::int64_t step, const Arguments& arguments) const;

  std::filesystem::path unfinished() const { return out / "unfinished-training"; }
  Outcome outcome(const Run& run) const;
};

// The program inside this process: where its disk can be made to fail.
Run run_here(const Arguments& arguments);

}  // namespace carousel
