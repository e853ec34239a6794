// Which tokenizer a subcommand works with.
#pragma once

#include <filesystem>
#include <optional>

#include "examples/language_model/options/options.h"
#include "text/tokenizer.h"

namespace carousel::program {

// "byte", or a path as load_tokenizer takes it.
Tokenizer named_tokenizer(const std::filesystem::path& name);

// The tokenizer.json of a model directory. Where there is none, the tokens of a model with at most
// 256 are bytes, and those of others unknown.
std::optional<Tokenizer> tokenizer_of_model(const std::filesystem::path& directory,
                                            std::int64_t vocab_size);

// The tokenizer of --tokenizer, or of the model to start from, or bytes for text; none for token
// files of which nobody said whose ids they hold, and for prepared data, which says it itself.
std::optional<Tokenizer> tokenizer_for_training(const TrainOptions& options);

// Ids to start from where there is no text yet: a line break.
std::vector<std::int32_t> start_of_text(const Tokenizer& tokenizer);

}  // namespace carousel::program
