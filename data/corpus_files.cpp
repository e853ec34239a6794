#include "data/corpus_files.h"

#include "core/error.h"
#include "core/file.h"
#include "data/token_file.h"

namespace carousel {

namespace {

// Where text becomes ids it is read whole, and forgotten.
std::vector<std::int32_t> encode(const Tokenizer& tokenizer, const ByteSource& bytes) {
  std::string text(static_cast<std::size_t>(bytes.size()), '\0');
  bytes.read(0, std::as_writable_bytes(std::span(text)));
  return tokenizer.encode(text);
}

void add_text(Corpus& corpus, const std::string& name, ByteSource bytes) {
  const auto& tokenizer = corpus.tokenizer();
  CAROUSEL_CHECK(tokenizer, "data: {} is text, but the model has no tokenizer", name);
  if (tokenizer->is_bytes()) {
    return corpus.add(TokenView(name, std::move(bytes), TokenWidth::one),
                      DocumentStarts::one_document());
  }
  corpus.add(TokenView(fmt::format("the ids of {}", name),
                       ByteSource::memory(encode(*tokenizer, bytes)), TokenWidth::four),
             DocumentStarts::one_document());
  corpus.set_vocabulary(tokenizer->vocab_size());
}

ByteSource open(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(file, ignored)) return ByteSource::memory(read_file(file));
  return ByteSource::file(file);
}

}  // namespace

Corpus open_files(const std::vector<std::filesystem::path>& files,
                  std::optional<Tokenizer> tokenizer) {
  CAROUSEL_CHECK(!files.empty(), "data: got no file");
  Corpus corpus(std::move(tokenizer));
  const bool ids = holds_ids(files.front());
  for (const auto& file : files) {
    CAROUSEL_CHECK(holds_ids(file) == ids,
                   "data: got both {} and {}, want either text or .bin files of token ids",
                   files.front().string(), file.string());
    if (ids) {
      corpus.add(parse_token_file(file.string(), open(file)));
    } else {
      add_text(corpus, file.string(), open(file));
    }
  }
  return corpus;
}

Corpus corpus_of_text(const std::string& name, std::string_view text,
                      std::optional<Tokenizer> tokenizer) {
  Corpus corpus(std::move(tokenizer));
  add_text(corpus, name, ByteSource::borrowed(std::as_bytes(std::span(text))));
  return corpus;
}

}  // namespace carousel
