// Prepared data: a directory that `carousel prepare` makes, and training reads without copying.
//
//   index.json                        PreparedIndex
//   tokenizer.json                    the tokenizer the ids belong to
//   training-00000.bin, …             token ids as llm.c's shards hold them (data/token_file.h)
//   training-00000.starts, …          where documents begin in each: 32-bit little-endian numbers
//   validation-00000.bin, .starts, …  the same for the documents kept for validation; maybe none
//   checksums                         the manifest (core/manifest.h)
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/corpus.h"

namespace carousel {

struct PreparedIndex {
  struct Shard {
    std::int64_t tokens, documents;

    static void visit(auto& self, auto&& v) {
      v("tokens", self.tokens);
      v("documents", self.documents);
    }
  };

  std::int64_t version = 1;
  std::int64_t vocab_size = 0;
  std::optional<std::int32_t> separator;  // the first token of every document, or none
  std::vector<Shard> training, validation;

  static void visit(auto& self, auto&& v) {
    v("version", self.version);
    v("vocab_size", self.vocab_size);
    v("separator", self.separator);
    v("training", self.training);
    v("validation", self.validation);
  }
};

// "training", 3, ".bin" → "training-00003.bin"
std::string shard_name(std::string_view split, std::size_t number, std::string_view ending);

struct PreparedData {
  Corpus training, validation;  // validation may be empty
};

// Opens everything. Throws Error, naming the file, for one that is missing, of another size than
// the index says, or no token file; for a tokenizer that the index does not fit; and for damage to
// index, tokenizer or document starts, whose checksums are compared. Those of the ids would take
// reading all of them: that is verify_prepared(). Until then, an id that the vocabulary does not
// have is found when it is read.
PreparedData open_prepared(const std::filesystem::path& directory);

// Reads everything. Throws Error as open_prepared does, for a file whose checksum is another, and
// for an id outside the vocabulary.
void verify_prepared(const std::filesystem::path& directory);

}  // namespace carousel
