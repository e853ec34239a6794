// A corpus from files that are no prepared directory: texts, or token files of others.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "data/corpus.h"

namespace carousel {

// Files follow each other without a gap. Where all are called *.bin their tokens are ids (see
// data/token_file.h), of which nobody knows where documents begin; otherwise each file is one
// document, and its tokens are those of its text: in the file where they are bytes, otherwise in
// memory. Pipes are read whole. Throws Error naming the file that is missing, a directory, empty,
// damaged, or a text without a tokenizer, and for a mixture of .bin and other files.
Corpus open_files(const std::vector<std::filesystem::path>& files,
                  std::optional<Tokenizer> tokenizer);

// A text that outlives the corpus, as one document.
Corpus corpus_of_text(const std::string& name, std::string_view text,
                      std::optional<Tokenizer> tokenizer);

}  // namespace carousel
