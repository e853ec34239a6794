// Tokenizers on disk.
#pragma once

#include <filesystem>

#include "text/tokenizer.h"

namespace carousel {

// From a tokenizer.json, from a vocab.json with the merges.txt beside it (GPT-2's; NAME-vocab.json
// goes with NAME-merges.txt), or from a directory that has one or the other. Of a vocab.json,
// tokens that are neither a byte nor what a merge makes are special. Throws Error that names file
// and entry.
Tokenizer load_tokenizer(const std::filesystem::path& path);

// Writes directory/tokenizer.json.
void save_tokenizer(const std::filesystem::path& directory, const Tokenizer& tokenizer);

}  // namespace carousel
