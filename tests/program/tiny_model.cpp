#include "tests/program/tiny_model.h"

#include "nn/model_directory.h"

namespace carousel {

ModelConfig tiny_config(std::int64_t vocab_size) {
  ModelConfig config{.vocab_size = vocab_size,
                     .embedding_dim = 8,
                     .num_blocks = 2,
                     .slstm_at = {1},
                     .context_length = 16};
  config.mlstm = MlstmLayerConfig{.num_heads = 2, .multiple_of = 8};
  config.slstm = SlstmLayerConfig{.num_heads = 2};
  config.slstm_feedforward = FeedForwardConfig{.multiple_of = 8};
  return config;
}

void write_tiny_model(const std::filesystem::path& directory, const ModelConfig& config,
                      std::uint64_t seed) {
  save_model(directory, LanguageModel<float>(config, seed));
}

std::string tiny_text(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i)
    text += fmt::format("line {}: {} green bottles\n", i, 7 * i % 10);
  return text.substr(0, size);
}

std::string as_ids(std::initializer_list<int> ids) {
  std::string bytes;
  for (const int id : ids) {
    bytes += static_cast<char>(id & 0xFF);
    bytes += static_cast<char>(id >> 8);
  }
  return bytes;
}

}  // namespace carousel
