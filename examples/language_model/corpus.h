// Corpus: a long sequence of tokens, from files or from the program itself.
#pragma once

#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "core/tensor.h"

namespace carousel::program {

// Tokens are the bytes of the files or, when all are called *.bin, their little-endian 16-bit
// numbers. Files follow each other without a gap. They are mapped, pipes are read.
class Corpus {
 public:
  // Throws Error naming the file that is missing, a directory, empty, or a .bin of odd size, and
  // for a mixture of .bin and other files.
  explicit Corpus(const std::vector<std::filesystem::path>& files);

  // The source code and documents of this project.
  static Corpus built_in();

  std::int64_t size() const { return pieces_.empty() ? 0 : pieces_.back().end; }
  bool has_bytes() const { return token_size_ == 1; }
  const char* unit() const { return has_bytes() ? "byte" : "token"; }
  std::string count(std::int64_t n) const;  // "1 byte", "2 tokens"

  // Tokens begin, begin + 1, …, as many as out has.
  void read(std::int64_t begin, std::span<std::int32_t> out) const;

  // Of all tokens, however they are cut into files; see core/checksum.h.
  std::string checksum() const;

  // Throws Error with file, position and id unless every token is below vocab_size.
  void check_vocabulary(std::int64_t vocab_size) const;

 private:
  struct Piece {
    std::string name;
    std::string_view bytes;
    std::int64_t begin, end;  // in tokens of the corpus
  };

  Corpus() = default;
  std::string_view open(const std::filesystem::path& file);
  void add(const std::string& name, std::string_view bytes);
  std::int32_t token(const Piece& piece, std::int64_t index) const;

  std::int64_t token_size_ = 1;
  std::vector<MappedFile> mapped_;
  std::deque<std::string> read_;
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
