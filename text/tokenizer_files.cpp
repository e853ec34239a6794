#include "text/tokenizer_files.h"

#include <nlohmann/json.hpp>

#include "core/directory.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "text/tokenizer_json.h"
#include "text/vocabulary_builder.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view vocab_name = "vocab.json", merges_name = "merges.txt";

// A line per merge; the first may be a comment, "#version: 0.2".
void read_merges(const fs::path& path, VocabularyBuilder& builder) {
  const std::string bytes = read_file(path, Empty::allowed);
  std::string_view text = bytes;
  for (int line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view merge = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (merge.ends_with('\r')) merge.remove_suffix(1);
    if (line == 1 && merge.starts_with("#version")) continue;
    builder.add_merge(merge, fmt::format("{}: line {}", path.string(), line));
  }
}

Tokenizer load_vocab_and_merges(const fs::path& vocab) {
  std::string name = vocab.filename().string();
  name.replace(name.size() - vocab_name.size(), vocab_name.size(), merges_name);
  VocabularyBuilder builder(parse_json(read_file(vocab), vocab.string()), vocab.string());
  read_merges(vocab.parent_path() / name, builder);
  builder.add_others();
  return Tokenizer(std::move(builder).finish(false), vocab.string());
}

Tokenizer load_json(const fs::path& path) {
  return Tokenizer(parse_tokenizer_json(read_file(path), path.string()), path.string());
}

}  // namespace

Tokenizer load_tokenizer(const fs::path& path) {
  std::error_code ignored;
  if (!is_directory(path, ignored)) {
    const bool is_vocab = path.filename().string().ends_with(vocab_name);
    return is_vocab ? load_vocab_and_merges(path) : load_json(path);
  }
  if (exists(path / "tokenizer.json", ignored)) return load_json(path / "tokenizer.json");
  CAROUSEL_CHECK(exists(path / vocab_name, ignored),
                 "{}: there is neither a tokenizer.json nor a vocab.json", path.string());
  return load_vocab_and_merges(path / vocab_name);
}

void save_tokenizer(const fs::path& directory, const Tokenizer& tokenizer) {
  make_directories(directory);
  write_file_atomically(directory / "tokenizer.json", to_tokenizer_json(tokenizer.vocabulary()));
}

}  // namespace carousel
