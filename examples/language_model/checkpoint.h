// Checkpoints: directories step-N beside each other, from each of which a run can go on.
//
//   config.json, model.safetensors   a model directory
//   tokenizer.json                   where it is known
//   state.json, state.safetensors    the TrainingState
//   run.json                         what the run is: RunDescription
//   metrics.jsonl, speed.jsonl, …    the journal so far
//   checksums                        the manifest: see core/manifest.h
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "examples/language_model/journal.h"
#include "examples/language_model/options/options.h"
#include "examples/language_model/training_state.h"
#include "text/tokenizer.h"

namespace carousel::program {

// What stays the same from a run's first step to its last.
struct RunDescription {
  TrainOptions options;  // with absolute paths of the data
  std::string data;      // checksum of the tokens
  std::string backend;   // of the kernels

  static void visit(auto& self, auto&& v) {
    v("options", self.options);
    v("data", self.data);
    v("backend", self.backend);
  }
};

// A checkpoint's place among the others.
std::filesystem::path checkpoint_path(const std::filesystem::path& directory, std::int64_t step);

// The steps of all checkpoints in a directory, whole or not, in rising order.
std::vector<std::int64_t> checkpoint_steps(const std::filesystem::path& directory);

// The newest one whose files have their checksums.
struct WholeCheckpoint {
  std::filesystem::path path;
  std::vector<std::string> damages;  // of newer ones: a sentence each
};
// Throws Error, naming the damages, when there is none.
WholeCheckpoint newest_whole_checkpoint(const std::filesystem::path& directory);

// Makes the checkpoint of state.step, all or nothing, and then removes those before the last
// `keep`. Throws Error when the disk refuses, and leaves the others as they were.
template <class Real>
void save_checkpoint(const std::filesystem::path& directory, std::int64_t keep,
                     const RunDescription& run, const LanguageModel<Real>& model,
                     const std::optional<Tokenizer>& tokenizer,
                     const TrainingState<Wide<Real>>& state, const Journal& journal);

// The parts of one. Throw Error for one that another version of the program wrote.
RunDescription load_run(const std::filesystem::path& checkpoint);
template <class Real>
TrainingState<Real> load_state(const std::filesystem::path& checkpoint);

}  // namespace carousel::program
