#include "examples/language_model/corpus.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/checksum.h"
#include "core/error.h"
#include "examples/language_model/built_in_corpus.h"

namespace carousel::program {

bool holds_ids(const std::filesystem::path& file) { return file.extension() == ".bin"; }

Corpus::Corpus(const std::vector<std::filesystem::path>& files, std::optional<Tokenizer> tokenizer)
    : Corpus(std::move(tokenizer)) {
  CAROUSEL_CHECK(!files.empty(), "data: got no file");
  if (holds_ids(files.front())) {
    form_ = Form::ids;
  } else {
    expect_text(files.front().string());
  }
  for (const auto& file : files) {
    CAROUSEL_CHECK(holds_ids(file) == (form_ == Form::ids),
                   "data: got both {} and {}, want either text or .bin files of token ids",
                   files.front().string(), file.string());
    add(file.string(), open(file));
  }
}

Corpus Corpus::built_in(std::optional<Tokenizer> tokenizer) {
  Corpus corpus(std::move(tokenizer));
  const std::string name = "the built-in corpus";
  corpus.expect_text(name);
  corpus.add(name, built_in_corpus());
  return corpus;
}

void Corpus::expect_text(const std::string& name) {
  CAROUSEL_CHECK(tokenizer_, "data: {} is text, but the model has no tokenizer", name);
  form_ = tokenizer_->is_bytes() ? Form::bytes : Form::encoded;
}

std::string_view Corpus::open(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(file, ignored)) return read_.emplace_back(read_file(file));
  const auto bytes = mapped_.emplace_back(file).bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void Corpus::add(const std::string& name, std::string_view bytes) {
  if (form_ == Form::encoded) {
    const auto& ids = encoded_.emplace_back(tokenizer_->encode(bytes));
    bytes = {reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(std::int32_t)};
  }
  const auto count = static_cast<std::int64_t>(bytes.size());
  CAROUSEL_CHECK(count % token_size() == 0,
                 "data: {} has {} bytes, want an even number: a .bin file holds 16-bit token ids",
                 name, count);
  pieces_.push_back({name, bytes, size(), size() + count / token_size()});
}

std::int32_t Corpus::token(const Piece& piece, std::int64_t index) const {
  const char* const at = piece.bytes.data() + index * token_size();
  const auto byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
  if (form_ == Form::bytes) return byte(0);
  if (form_ == Form::ids) return byte(0) | byte(1) << 8;
  std::int32_t id;
  std::memcpy(&id, at, sizeof id);
  return id;
}

std::string Corpus::count(std::int64_t n) const {
  return fmt::format("{} {}{}", n, unit(), n == 1 ? "" : "s");
}

void Corpus::read(std::int64_t begin, std::span<std::int32_t> out) const {
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), begin,
                                [](std::int64_t at, const Piece& p) { return at < p.end; });
  for (auto& value : out) {
    while (begin == piece->end) ++piece;
    value = token(*piece, begin - piece->begin);
    ++begin;
  }
}

std::string Corpus::checksum() const {
  Checksum checksum;
  for (const auto& piece : pieces_) checksum.add(std::as_bytes(std::span(piece.bytes)));
  return checksum.text();
}

void Corpus::check_vocabulary(std::int64_t vocab_size) const {
  const std::int64_t largest = form_ == Form::ids ? 0xFFFF : tokenizer_->vocab_size() - 1;
  if (vocab_size > largest) return;
  for (const auto& piece : pieces_) {
    for (std::int64_t i = 0; i < piece.end - piece.begin; ++i) {
      const std::int32_t id = token(piece, i);
      CAROUSEL_CHECK(id < vocab_size,
                     "data: {} has token {} at {}, but the model's vocab_size is {}", piece.name,
                     id,
                     form_ == Form::encoded ? fmt::format("place {}", i)
                                            : fmt::format("byte {}", i * token_size()),
                     vocab_size);
    }
  }
}

Split split(const Corpus& corpus, double val_fraction) {
  const std::int64_t size = corpus.size();
  const auto tail = static_cast<std::int64_t>(std::floor(val_fraction * static_cast<double>(size)));
  return {{&corpus, 0, size - tail}, {&corpus, size - tail, size}};
}

}  // namespace carousel::program
