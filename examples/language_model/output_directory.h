// OutputDirectory: where a training run leaves its model, all at once or not at all.
#pragma once

#include <filesystem>

namespace carousel::program {

// Files are made in DIR/unfinished-training and moved into DIR when all are complete, so a model
// that is there already stays whole until a new one takes its place.
class OutputDirectory {
 public:
  // Makes DIR and DIR/unfinished-training. Throws Error when that fails, and when DIR is not a
  // directory, or holds something but no model.
  explicit OutputDirectory(std::filesystem::path directory);

  // Removes DIR/unfinished-training, and DIR if it is new and empty.
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  const std::filesystem::path& path() const { return directory_; }
  const std::filesystem::path& unfinished() const { return unfinished_; }

  // Moves the model and its metrics into DIR. Throws Error when one cannot be moved.
  void finish();

 private:
  std::filesystem::path directory_, unfinished_;
  bool made_ = false;
};

}  // namespace carousel::program
