// Corpus: a long sequence of tokens, from files or from the program itself.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "core/tensor.h"
#include "text/tokenizer.h"

namespace carousel::program {

// Whether a file, by its name, holds token ids rather than text.
bool holds_ids(const std::filesystem::path& file);

// Tokens are those of the files' text or, when all are called *.bin, their little-endian 16-bit
// numbers. Files follow each other without a gap. They are mapped, pipes are read; where tokens are
// not bytes, the ids of a text are kept in memory.
class Corpus {
 public:
  // The tokenizer the tokens belong to; none where nobody knows. Throws Error naming the file that
  // is missing, a directory, empty, a .bin of odd size, or a text without a tokenizer, and for a
  // mixture of .bin and other files.
  Corpus(const std::vector<std::filesystem::path>& files, std::optional<Tokenizer> tokenizer);

  // The source code and documents of this project.
  static Corpus built_in(std::optional<Tokenizer> tokenizer);

  const std::optional<Tokenizer>& tokenizer() const { return tokenizer_; }
  std::int64_t size() const { return pieces_.empty() ? 0 : pieces_.back().end; }
  bool has_bytes() const { return form_ == Form::bytes; }
  const char* unit() const { return has_bytes() ? "byte" : "token"; }
  std::string count(std::int64_t n) const;  // "1 byte", "2 tokens"

  // Tokens begin, begin + 1, …, as many as out has.
  void read(std::int64_t begin, std::span<std::int32_t> out) const;

  // Of all tokens, however they are cut into files; see core/checksum.h.
  std::string checksum() const;

  // Throws Error with file, position and id unless every token is below vocab_size.
  void check_vocabulary(std::int64_t vocab_size) const;

 private:
  // How a piece holds its tokens: each a byte, 16 little-endian bits, or 32 bits as in memory.
  enum class Form { bytes = 1, ids = 2, encoded = 4 };

  struct Piece {
    std::string name;
    std::string_view bytes;
    std::int64_t begin, end;  // in tokens of the corpus
  };

  explicit Corpus(std::optional<Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {}
  void expect_text(const std::string& name);
  std::string_view open(const std::filesystem::path& file);
  void add(const std::string& name, std::string_view bytes);
  std::int64_t token_size() const { return static_cast<std::int64_t>(form_); }
  std::int32_t token(const Piece& piece, std::int64_t index) const;

  std::optional<Tokenizer> tokenizer_;
  Form form_ = Form::bytes;
  std::vector<MappedFile> mapped_;
  std::deque<std::string> read_;
  std::deque<std::vector<std::int32_t>> encoded_;
  std::vector<Piece> pieces_;
};

// A stretch of a corpus, which must outlive it.
struct Tokens {
  const Corpus* corpus;
  std::int64_t begin, end;

  std::int64_t size() const { return end - begin; }
  void read(std::int64_t offset, std::span<std::int32_t> out) const {
    corpus->read(begin + offset, out);
  }
  std::string count() const { return corpus->count(size()); }
};

// The front of a corpus for training and its end, ⌊val_fraction · size⌋ tokens, for validation.
struct Split {
  Tokens training, validation;
};
Split split(const Corpus& corpus, double val_fraction);

}  // namespace carousel::program
