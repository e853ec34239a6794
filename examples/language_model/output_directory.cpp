#include "examples/language_model/output_directory.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "core/directory.h"
#include "core/error.h"
#include "examples/language_model/checkpoint.h"
#include "examples/language_model/resume_command.h"

namespace carousel::program {

namespace fs = std::filesystem;

namespace {

constexpr const char* unfinished_name = "unfinished-training";

std::vector<fs::path> entries(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> result;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    result.push_back(at->path());
  }
  CAROUSEL_CHECK(!error, "cannot read {}: {}", directory.string(), error.message());
  return result;
}

bool holds_model(const fs::path& directory) {
  std::error_code unknown;
  return fs::exists(directory / "config.json", unknown) &&
         fs::exists(directory / "model.safetensors", unknown);
}

// Whether a training run may put a model there: nothing is lost but another model.
bool may_be_replaced(const fs::path& directory) {
  return holds_model(directory) || std::ranges::all_of(entries(directory), [](const fs::path& p) {
           return p.filename() == unfinished_name;
         });
}

bool is_checkpoint(const fs::path& entry) {
  const auto steps = checkpoint_steps(entry.parent_path());
  return std::ranges::any_of(steps, [&](std::int64_t step) {
    return checkpoint_path(entry.parent_path(), step) == entry;
  });
}

}  // namespace

OutputDirectory::OutputDirectory(fs::path directory, Start start)
    : directory_(std::move(directory)), unfinished_(directory_ / unfinished_name) {
  start == Start::anew ? start_anew() : resume();
}

void OutputDirectory::start_anew() {
  const std::string name = directory_.string();
  std::error_code unknown;
  if (fs::exists(directory_, unknown)) {
    CAROUSEL_CHECK(fs::is_directory(directory_), "--out: {} is not a directory", name);
    CAROUSEL_CHECK(may_be_replaced(directory_),
                   "--out: {} holds other files and no model, so nothing is written there", name);
  }
  made_ = !fs::exists(directory_, unknown);
  try {
    make_directories(unfinished_);
  } catch (const Error& error) {
    fail("--out: {}", error.what());
  }
  lock();
  CAROUSEL_CHECK(checkpoint_steps(unfinished_).empty(),
                 "--out: {} holds training that is not finished; go on with `{}`, or remove {}",
                 name, resume_command(directory_), unfinished_.string());
  for (const auto& entry : entries(unfinished_)) remove_tree(entry);  // of a run that was killed
}

void OutputDirectory::resume() {
  std::error_code unknown;
  CAROUSEL_CHECK(fs::is_directory(unfinished_, unknown), "--resume: there is no {}{}",
                 unfinished_.string(),
                 holds_model(directory_) ? ": the model beside it is finished" : "");
  lock();
  for (const auto& entry : entries(unfinished_)) {
    if (!is_checkpoint(entry)) remove_tree(entry);
  }
}

// Two runs would remove each other's files.
void OutputDirectory::lock() {
  lock_ = Descriptor(::open(unfinished_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool locked = lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
  CAROUSEL_CHECK(locked || errno != EWOULDBLOCK, "{}: another run is training there",
                 directory_.string());
  // Some file systems have no locks.
}

OutputDirectory::~OutputDirectory() {
  try {
    if (!fs::exists(unfinished_) || !checkpoint_steps(unfinished_).empty()) return;
    remove_tree(unfinished_);
    if (made_ && entries(directory_).empty()) remove_tree(directory_);
  } catch (const std::exception&) {  // what stays is no model
  }
}

void OutputDirectory::finish() {
  const bool has_tokenizer = fs::exists(unfinished_ / "tokenizer.json");
  for (const auto& entry : entries(unfinished_)) {
    if (fs::is_regular_file(entry)) move(entry, directory_ / entry.filename());
  }
  if (!has_tokenizer) remove_tree(directory_ / "tokenizer.json");  // the one of the model before
  sync_directory(directory_);
  discard(unfinished_);
}

}  // namespace carousel::program
