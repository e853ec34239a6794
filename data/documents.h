// Documents: the texts in files and directories, in a fixed order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/file.h"

namespace carousel {

// One document as its file holds it.
struct RawDocument {
  const std::filesystem::path* file;
  std::int64_t line;       // of a JSONL file, from 1; 0: the whole file is the document
  std::string_view bytes;  // of the file or line

  std::string origin() const;  // "FILE" or "FILE: line 3"

  // The text, which is the string under "text" in a line of JSON, and then in `storage`. Throws
  // Error with origin for a line that is no JSON object with such a string.
  std::string_view text(std::string& storage) const;
};

// Each line of a file called *.jsonl is a document, unless it is blank; any other file is one.
// Directories stand for the files in them and in theirs, in the order of their paths, apart from
// those whose names begin with a dot.
class DocumentReader {
 public:
  // Throws Error for a path that is missing, for a file of token ids, and when there is no file.
  explicit DocumentReader(const std::vector<std::filesystem::path>& paths);

  // The next documents, of about `bytes` together at most; none at the end. They stay
  // valid until the next call. Throws Error for a file that cannot be read.
  std::span<const RawDocument> next(std::int64_t bytes);

  std::int64_t bytes() const { return bytes_; }            // of all files
  std::int64_t bytes_read() const { return bytes_read_; }  // of those returned

 private:
  void add(const std::filesystem::path& path);
  void add_directory(const std::filesystem::path& path);
  void take_from_file();
  void open_next_file();

  std::vector<std::filesystem::path> files_;
  std::size_t opened_ = 0;          // files
  std::vector<MappedFile> mapped_;  // that documents of the last call are in; the last is open
  std::string_view rest_;           // of the open file
  std::int64_t line_ = 0;
  std::vector<RawDocument> documents_;
  std::int64_t bytes_ = 0, bytes_read_ = 0;
};

}  // namespace carousel
