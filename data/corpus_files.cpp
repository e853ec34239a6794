#include "data/corpus_files.h"

#include <array>

#include "core/error.h"
#include "data/token_file.h"

namespace carousel {

namespace {

constexpr std::array<std::uint32_t, 1> one_document{0};

std::span<const std::byte> open(Corpus& corpus, const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(file, ignored)) return corpus.keep(read_file(file));
  return corpus.keep(MappedFile(file));
}

void add_text(Corpus& corpus, const std::string& name, std::span<const std::byte> bytes) {
  const auto& tokenizer = corpus.tokenizer();
  CAROUSEL_CHECK(tokenizer, "data: {} is text, but the model has no tokenizer", name);
  if (tokenizer->is_bytes()) {
    return corpus.add(TokenView(name, bytes, TokenWidth::one), one_document);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto ids = corpus.keep(tokenizer->encode(text));
  corpus.add(TokenView(fmt::format("the ids of {}", name), ids, TokenWidth::four), one_document);
  corpus.set_vocabulary(tokenizer->vocab_size());
}

}  // namespace

bool holds_ids(const std::filesystem::path& file) { return file.extension() == ".bin"; }

Corpus open_files(const std::vector<std::filesystem::path>& files,
                  std::optional<Tokenizer> tokenizer) {
  CAROUSEL_CHECK(!files.empty(), "data: got no file");
  Corpus corpus(std::move(tokenizer));
  const bool ids = holds_ids(files.front());
  for (const auto& file : files) {
    CAROUSEL_CHECK(holds_ids(file) == ids,
                   "data: got both {} and {}, want either text or .bin files of token ids",
                   files.front().string(), file.string());
    const auto bytes = open(corpus, file);
    if (ids) {
      corpus.add(parse_token_file(file.string(), bytes));
    } else {
      add_text(corpus, file.string(), bytes);
    }
  }
  return corpus;
}

Corpus corpus_of_text(const std::string& name, std::string_view text,
                      std::optional<Tokenizer> tokenizer) {
  Corpus corpus(std::move(tokenizer));
  add_text(corpus, name, std::as_bytes(std::span(text)));
  return corpus;
}

}  // namespace carousel
