// Corpus: a long sequence of tokens, in one piece or many, and where documents begin in it.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/document_starts.h"
#include "data/token_view.h"
#include "text/tokenizer.h"

namespace carousel {

// What is in files stays there: a corpus may be larger than memory. Only one thread at a time may
// look for documents.
class Corpus {
 public:
  // The tokenizer the tokens belong to; none where nobody knows.
  explicit Corpus(std::optional<Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {}

  // Adds tokens at the end. Without starts, nobody knows where documents begin; with some, the
  // piece's end is the end of one.
  void add(TokenView tokens, std::optional<DocumentStarts> starts = {});

  // What is known of the tokens: all are below the vocabulary's size, and each document begins with
  // the separator, if there is one. Reading checks it.
  void set_vocabulary(std::int64_t vocab_size) { vocab_size_ = vocab_size; }
  void set_separator(std::int32_t id) { separator_ = id; }
  std::optional<std::int32_t> separator() const { return separator_; }

  const std::optional<Tokenizer>& tokenizer() const { return tokenizer_; }
  std::int64_t size() const { return pieces_.empty() ? 0 : pieces_.back().end; }
  bool has_bytes() const { return tokenizer_ && tokenizer_->is_bytes(); }
  const char* unit() const { return has_bytes() ? "byte" : "token"; }
  std::string count(std::int64_t n) const;  // "1 byte", "2 tokens"

  // Tokens begin, begin + 1, …, as many as out has. Throws Error with name and place for one
  // outside the vocabulary.
  void read(std::int64_t begin, std::span<std::int32_t> out) const;

  bool has_documents() const { return has_documents_; }
  // The first token after `position` that begins a document, or the end of the corpus. Where nobody
  // knows, all of it is one.
  std::int64_t next_document(std::int64_t position) const;

  // Throws Error with name, place and id unless every token is below vocab_size, and remembers
  // that. Reads everything, unless what is known says so already.
  void check_vocabulary(std::int64_t vocab_size);

  // Throws Error as reading does.
  void read_all() const;

  // Of all tokens, however they are cut into pieces; see core/checksum.h. Reads everything, unless
  // one was set, which stands for them.
  std::string checksum() const;
  void set_checksum(std::string checksum) { checksum_ = std::move(checksum); }

 private:
  struct Piece {
    TokenView tokens;
    std::optional<DocumentStarts> starts;
    std::int64_t begin, end;  // in tokens of the corpus
  };

  const Piece& piece_at(std::int64_t position) const;
  // Calls visit(ids) for everything, in stretches of 256 KB.
  void scan(const std::function<void(std::span<const std::int32_t>)>& visit) const;

  std::optional<Tokenizer> tokenizer_;
  std::vector<Piece> pieces_;
  bool has_documents_ = true;
  std::int64_t vocab_size_ = std::int64_t{1} << 31;
  std::optional<std::int32_t> separator_;
  std::string checksum_;
};

// A stretch of a corpus, which must outlive it.
struct Tokens {
  const Corpus* corpus;
  std::int64_t begin, end;

  std::int64_t size() const { return end - begin; }
  void read(std::int64_t offset, std::span<std::int32_t> out) const {
    corpus->read(begin + offset, out);
  }
  // The first document after an offset, or the end.
  std::int64_t next_document(std::int64_t offset) const {
    return std::min(corpus->next_document(begin + offset), end) - begin;
  }
  std::string count() const { return corpus->count(size()); }
};

// The front of a corpus for training and its end, at most ⌊val_fraction · size⌋ tokens, for
// validation.
struct Split {
  Tokens training, validation;
};
enum class Cut { anywhere, between_documents };
Split split(const Corpus& corpus, double val_fraction, Cut cut);

}  // namespace carousel
