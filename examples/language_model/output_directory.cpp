#include "examples/language_model/output_directory.h"

#include <system_error>

#include "core/error.h"

namespace carousel::program {

namespace fs = std::filesystem;

namespace {

constexpr const char* unfinished_name = "unfinished-training";

// Whether a training run may put a model there: nothing is lost but another model.
bool may_be_replaced(const fs::path& directory) {
  if (fs::exists(directory / "config.json") && fs::exists(directory / "model.safetensors")) {
    return true;
  }
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename() != unfinished_name) return false;
  }
  return true;
}

}  // namespace

OutputDirectory::OutputDirectory(fs::path directory)
    : directory_(std::move(directory)), unfinished_(directory_ / unfinished_name) {
  const std::string name = directory_.string();
  try {
    if (fs::exists(directory_)) {
      CAROUSEL_CHECK(fs::is_directory(directory_), "--out: {} is not a directory", name);
      CAROUSEL_CHECK(may_be_replaced(directory_),
                     "--out: {} holds other files and no model, so nothing is written there", name);
    } else {
      made_ = fs::create_directories(directory_);
    }
    fs::remove_all(unfinished_);  // of a run that was killed
    fs::create_directory(unfinished_);
  } catch (const fs::filesystem_error& error) {
    fail("--out: cannot write to {}: {}", name, error.code().message());
  }
}

OutputDirectory::~OutputDirectory() {
  std::error_code ignored;
  fs::remove_all(unfinished_, ignored);
  if (made_) fs::remove(directory_, ignored);  // fails, as it should, unless it is empty
}

void OutputDirectory::finish() {
  try {
    for (const char* const file : {"model.safetensors", "config.json", "metrics.jsonl"}) {
      fs::rename(unfinished_ / file, directory_ / file);
    }
    if (fs::exists(unfinished_ / "tokenizer.json")) {
      fs::rename(unfinished_ / "tokenizer.json", directory_ / "tokenizer.json");
    } else {
      fs::remove(directory_ / "tokenizer.json");  // the one of the model before
    }
  } catch (const fs::filesystem_error& error) {
    fail("--out: cannot move the model to {}: {}", directory_.string(), error.code().message());
  }
}

}  // namespace carousel::program
