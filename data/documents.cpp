#include "data/documents.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "data/token_file.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

// A process may map about 65,000 files.
constexpr std::size_t most_at_once = 4096;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }
bool has_lines(const fs::path& path) { return path.extension() == ".jsonl"; }

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

std::string RawDocument::origin() const {
  return line == 0 ? file->string() : fmt::format("{}: line {}", file->string(), line);
}

std::string_view RawDocument::text(std::string& storage) const {
  if (line == 0) return bytes;
  const auto json = parse_json(bytes, origin());
  CAROUSEL_CHECK(json.is_object() && json.contains("text"),
                 "{}: got {}, want an object with \"text\"", origin(), show(json));
  const auto& text = json["text"];
  CAROUSEL_CHECK(text.is_string(), "{}: \"text\" is {}, want a string", origin(), show(text));
  return storage = text.get<std::string>();
}

DocumentReader::DocumentReader(const std::vector<fs::path>& paths) {
  for (const auto& path : paths) add(path);
  CAROUSEL_CHECK(!files_.empty(), "there is no file in {}",
                 paths.empty() ? "an empty list" : paths.front().string());
}

void DocumentReader::add(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return add_directory(path);
  const auto size = fs::file_size(path, error);
  CAROUSEL_CHECK(!error, "cannot read {}: {}", path.string(), error.message());
  CAROUSEL_CHECK(!holds_ids(path), "{} holds token ids, want text; training reads it as it is",
                 path.string());
  files_.push_back(path);
  bytes_ += static_cast<std::int64_t>(size);
}

void DocumentReader::add_directory(const fs::path& path) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (!is_hidden(at->path())) entries.push_back(at->path());
  }
  CAROUSEL_CHECK(!error, "cannot read {}: {}", path.string(), error.message());
  std::ranges::sort(entries);
  for (const auto& entry : entries) {
    // A link to a directory may lead back to where it is.
    if (!fs::is_symlink(entry, error) || fs::is_regular_file(entry, error)) add(entry);
  }
}

std::span<const RawDocument> DocumentReader::next(std::int64_t bytes) {
  documents_.clear();
  if (mapped_.size() > 1) mapped_.erase(mapped_.begin(), mapped_.end() - 1);
  if (!mapped_.empty()) mapped_.back().release();
  const std::int64_t wanted = bytes_read_ + bytes;
  while (bytes_read_ < wanted && documents_.size() < most_at_once &&
         (!rest_.empty() || opened_ < files_.size())) {
    if (rest_.empty()) {
      open_next_file();
    } else {
      take_from_file();
    }
  }
  return documents_;
}

void DocumentReader::open_next_file() {
  const fs::path& file = files_[opened_++];
  line_ = 0;
  std::error_code error;
  if (fs::is_regular_file(file, error) && fs::file_size(file, error) == 0) {
    if (!has_lines(file)) documents_.push_back({&file, 0, {}});
    return;
  }
  rest_ = text_of(mapped_.emplace_back(file));
}

void DocumentReader::take_from_file() {
  const fs::path& file = files_[opened_ - 1];
  const std::size_t end = has_lines(file) ? rest_.find('\n') : rest_.npos;
  const std::string_view bytes = rest_.substr(0, end);
  const std::size_t taken = end == rest_.npos ? rest_.size() : end + 1;
  rest_.remove_prefix(taken);
  bytes_read_ += static_cast<std::int64_t>(taken);
  if (!has_lines(file)) {
    documents_.push_back({&file, 0, bytes});
  } else if (++line_; !is_blank(bytes)) {
    documents_.push_back({&file, line_, bytes});
  }
}

}  // namespace carousel
