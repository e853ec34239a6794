// Making prepared data (data/prepared.h) from texts.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "text/tokenizer.h"

namespace carousel {

struct PrepareOptions {
  std::vector<std::filesystem::path> inputs;  // as DocumentReader takes them
  std::filesystem::path out;                  // new, or an empty directory
  Tokenizer tokenizer;
  std::optional<std::int32_t> separator;  // put before every document
  double val_fraction = 0;                // the chance of a document to be kept for validation
  std::uint64_t seed = 1;                 // of that choice
  std::int64_t shard_tokens = std::int64_t{1} << 25;
};

struct PrepareCounts {
  std::int64_t bytes = 0, bytes_read = 0;  // of the inputs
  std::int64_t documents = 0, empty = 0;   // written; left out because there is no text in them
  std::int64_t tokens = 0;
  std::int64_t validation_documents = 0, validation_tokens = 0;  // of those above
};

// Makes the directory, complete or not at all, with all threads. Documents keep their order; the
// result depends neither on the number of threads nor on the sizes of files. Special tokens' texts
// inside of documents are plain text. `go_on` is called now and then; when it says no, nothing is
// made, and none returned. Throws Error for inputs that cannot be read, with file and line; for a
// split that would leave training or validation without a document; and when the disk refuses.
std::optional<PrepareCounts> prepare(const PrepareOptions& options,
                                     const std::function<bool(const PrepareCounts&)>& go_on = {});

}  // namespace carousel
