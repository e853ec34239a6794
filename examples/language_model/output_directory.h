// OutputDirectory: where a training run leaves its model, all at once or not at all.
#pragma once

#include <filesystem>

#include "core/descriptor.h"

namespace carousel::program {

enum class Start { anew, resumed };

// Files are made in DIR/unfinished-training and moved into DIR when all are complete, so a model
// that is there already stays whole until a new one takes its place. One run at a time.
class OutputDirectory {
 public:
  // Anew: makes DIR and an empty DIR/unfinished-training; throws Error when that fails, when DIR is
  // not a directory, or holds something but no model, or checkpoints of a run. Resumed: leaves
  // nothing in DIR/unfinished-training but its checkpoints; throws Error when there is none. Both
  // throw Error while another run has the directory.
  OutputDirectory(std::filesystem::path directory, Start start);

  // Removes DIR/unfinished-training, and DIR if it is new and empty, unless there are checkpoints.
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  const std::filesystem::path& path() const { return directory_; }
  const std::filesystem::path& unfinished() const { return unfinished_; }

  // Moves the files (not the checkpoints) into DIR, and removes DIR/unfinished-training. Throws
  // Error when one cannot be moved.
  void finish();

 private:
  void start_anew();
  void resume();
  void lock();

  std::filesystem::path directory_, unfinished_;
  Descriptor lock_;
  bool made_ = false;
};

}  // namespace carousel::program
