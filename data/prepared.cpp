#include "data/prepared.h"

#include "core/archive.h"
#include "core/checksum.h"
#include "core/error.h"
#include "core/manifest.h"
#include "data/token_file.h"
#include "text/tokenizer_files.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

PreparedIndex load_index(const fs::path& directory) {
  const auto index = load_archive<PreparedIndex>(directory / "index");
  const std::string name = (directory / "index.json").string();
  CAROUSEL_CHECK(index.version == 1, "{}: got version {}, want 1", name, index.version);
  CAROUSEL_CHECK(!index.separator || (*index.separator >= 0 && *index.separator < index.vocab_size),
                 "{}: the separator is {}, want a token of {}", name, *index.separator,
                 index.vocab_size);
  return index;
}

// What is small or read whole anyway.
void check_small_files(const fs::path& directory, const PreparedIndex& index) {
  std::vector<std::string> names{"index.json", "tokenizer.json"};
  for (const auto& [split, shards] :
       {std::pair("training", &index.training), std::pair("validation", &index.validation)}) {
    for (std::size_t i = 0; i < shards->size(); ++i) {
      names.push_back(shard_name(split, i, ".starts"));
    }
  }
  check_manifest(directory, names);
}

Tokenizer load_tokenizer_of(const fs::path& directory, const PreparedIndex& index) {
  const fs::path file = directory / "tokenizer.json";
  Tokenizer tokenizer = load_tokenizer(file);
  CAROUSEL_CHECK(tokenizer.vocab_size() == index.vocab_size,
                 "{} has {} tokens, but the data's vocabulary {}", file.string(),
                 tokenizer.vocab_size(), index.vocab_size);
  return tokenizer;
}

DocumentStarts open_starts(const fs::path& file, const PreparedIndex::Shard& shard) {
  DocumentStarts starts(file.string(), ByteSource::file(file), shard.tokens);
  CAROUSEL_CHECK(starts.count() == shard.documents, "{} has {} documents, want {}", file.string(),
                 starts.count(), shard.documents);
  return starts;
}

void add_shard(Corpus& corpus, const fs::path& file, const PreparedIndex::Shard& shard) {
  TokenView tokens = open_token_file(file);
  CAROUSEL_CHECK(tokens.size() == shard.tokens, "{} has {} tokens, want {}", file.string(),
                 tokens.size(), shard.tokens);
  fs::path starts = file;
  starts.replace_extension(".starts");
  corpus.add(std::move(tokens), open_starts(starts, shard));
}

Corpus open_split(const fs::path& directory, const PreparedIndex& index, const Tokenizer& tokenizer,
                  const std::string& split, const std::vector<PreparedIndex::Shard>& shards) {
  Corpus corpus(tokenizer);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    add_shard(corpus, directory / shard_name(split, i, ".bin"), shards[i]);
  }
  corpus.set_vocabulary(index.vocab_size);
  if (index.separator) corpus.set_separator(*index.separator);
  // The manifest stands for all it has the checksums of.
  Checksum checksum;
  const std::string everything = read_file(directory / "checksums") + split;
  checksum.add(std::as_bytes(std::span(everything)));
  corpus.set_checksum(checksum.text());
  return corpus;
}

}  // namespace

std::string shard_name(std::string_view split, std::size_t number, std::string_view ending) {
  return fmt::format("{}-{:05}{}", split, number, ending);
}

PreparedData open_prepared(const fs::path& directory) {
  CAROUSEL_CHECK(fs::exists(directory / "index.json"),
                 "{} is a directory without prepared data: there is no index.json",
                 directory.string());
  const PreparedIndex index = load_index(directory);
  check_small_files(directory, index);
  const Tokenizer tokenizer = load_tokenizer_of(directory, index);
  return {open_split(directory, index, tokenizer, "training", index.training),
          open_split(directory, index, tokenizer, "validation", index.validation)};
}

void verify_prepared(const fs::path& directory) {
  const PreparedData data = open_prepared(directory);
  check_manifest(directory);
  data.training.read_all();
  data.validation.read_all();
}

}  // namespace carousel
