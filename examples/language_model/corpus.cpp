#include "examples/language_model/corpus.h"

#include <algorithm>
#include <cmath>

#include "core/checksum.h"
#include "core/error.h"
#include "examples/language_model/built_in_corpus.h"

namespace carousel::program {

namespace {

bool holds_ids(const std::filesystem::path& file) { return file.extension() == ".bin"; }

}  // namespace

Corpus::Corpus(const std::vector<std::filesystem::path>& files) {
  CAROUSEL_CHECK(!files.empty(), "data: got no file");
  token_size_ = holds_ids(files.front()) ? 2 : 1;
  for (const auto& file : files) {
    CAROUSEL_CHECK(holds_ids(file) == (token_size_ == 2),
                   "data: got both {} and {}, want either text or .bin files of token ids",
                   files.front().string(), file.string());
    add(file.string(), open(file));
  }
}

Corpus Corpus::built_in() {
  Corpus corpus;
  corpus.add("the built-in corpus", built_in_corpus());
  return corpus;
}

std::string_view Corpus::open(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(file, ignored)) return read_.emplace_back(read_file(file));
  const auto bytes = mapped_.emplace_back(file).bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void Corpus::add(const std::string& name, std::string_view bytes) {
  const auto count = static_cast<std::int64_t>(bytes.size());
  CAROUSEL_CHECK(count % token_size_ == 0,
                 "data: {} has {} bytes, want an even number: a .bin file holds 16-bit token ids",
                 name, count);
  pieces_.push_back({name, bytes, size(), size() + count / token_size_});
}

std::int32_t Corpus::token(const Piece& piece, std::int64_t index) const {
  const auto byte = [&](std::int64_t at) {
    return static_cast<unsigned char>(piece.bytes[static_cast<std::size_t>(at)]);
  };
  return has_bytes() ? byte(index) : byte(2 * index) | byte(2 * index + 1) << 8;
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
  if (vocab_size > (has_bytes() ? 0xFF : 0xFFFF)) return;
  for (const auto& piece : pieces_) {
    for (std::int64_t i = 0; i < piece.end - piece.begin; ++i) {
      const std::int32_t id = token(piece, i);
      CAROUSEL_CHECK(id < vocab_size,
                     "data: {} has token {} at byte {}, but the model's vocab_size is {}",
                     piece.name, id, i * token_size_, vocab_size);
    }
  }
}

Split split(const Corpus& corpus, double val_fraction) {
  const std::int64_t size = corpus.size();
  const auto tail = static_cast<std::int64_t>(std::floor(val_fraction * static_cast<double>(size)));
  return {{&corpus, 0, size - tail}, {&corpus, size - tail, size}};
}

}  // namespace carousel::program
