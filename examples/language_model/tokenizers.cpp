#include "examples/language_model/tokenizers.h"

#include "core/file.h"
#include "data/token_file.h"
#include "nn/config.h"
#include "text/tokenizer_files.h"

namespace carousel::program {

Tokenizer named_tokenizer(const std::filesystem::path& name) {
  return name == "byte" ? Tokenizer::bytes() : load_tokenizer(name);
}

std::optional<Tokenizer> tokenizer_of_model(const std::filesystem::path& directory,
                                            std::int64_t vocab_size) {
  const auto file = directory / "tokenizer.json";
  std::error_code ignored;
  if (exists(file, ignored)) return load_tokenizer(file);
  if (vocab_size <= 256) return Tokenizer::bytes();
  return std::nullopt;
}

std::optional<Tokenizer> tokenizer_for_training(const TrainOptions& options) {
  if (!options.tokenizer.empty()) return named_tokenizer(options.tokenizer);
  if (!options.init.empty()) {
    const auto file = options.init / "config.json";
    const auto config = parse_config(read_file(file), file.string());
    return tokenizer_of_model(options.init, config.vocab_size);
  }
  std::error_code ignored;
  const auto& data = options.data;
  if (!data.empty() && (holds_ids(data.front()) || is_directory(data.front(), ignored))) {
    return std::nullopt;
  }
  return Tokenizer::bytes();
}

std::vector<std::int32_t> start_of_text(const Tokenizer& tokenizer) {
  return tokenizer.encode("\n");
}

}  // namespace carousel::program
