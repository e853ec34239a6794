#include <array>

#include "core/error.h"
#include "nn/config.h"

namespace carousel {

namespace {

struct Preset {
  std::string_view name;
  std::int64_t embedding_dim, num_blocks, num_heads, context_length;
  std::vector<std::int64_t> slstm_at;
};

// For bytes, or as many tokens as there are. xLSTM[a:b] has a mLSTM blocks for every b sLSTM
// blocks.
const std::array<Preset, 7>& presets() {
  static const std::array<Preset, 7> all{{
      {"tiny", 64, 2, 2, 64, {1}},                 // xLSTM[1:1], for trying things out
      {"toy", 96, 3, 4, 128, {1}},                 // xLSTM[2:1], learns in minutes on two cores
      {"small", 256, 6, 4, 256, {}},               // xLSTM[1:0]
      {"small-mixed", 256, 6, 4, 256, {1, 3, 5}},  // xLSTM[1:1]
      {"small-slstm", 256, 6, 4, 256, {0, 1, 2, 3, 4, 5}},  // xLSTM[0:1]
      {"medium", 512, 6, 4, 512, {}},                       // xLSTM[1:0]
      {"160m", 768, 24, 4, 2048, {}},  // xLSTM[1:0]: 164 million parameters with 50,304 tokens
  }};
  return all;
}

}  // namespace

std::vector<std::string_view> preset_names() {
  std::vector<std::string_view> names;
  for (const Preset& known : presets()) names.push_back(known.name);
  return names;
}

ModelConfig preset(std::string_view name) {
  for (const Preset& known : presets()) {
    if (known.name != name) continue;
    ModelConfig config{
        .vocab_size = 256,
        .embedding_dim = known.embedding_dim,
        .num_blocks = known.num_blocks,
        .slstm_at = known.slstm_at,
        .context_length = known.context_length,
    };
    const auto slstm_blocks = static_cast<std::int64_t>(known.slstm_at.size());
    if (slstm_blocks < known.num_blocks) config.mlstm = {.num_heads = known.num_heads};
    if (slstm_blocks > 0) {
      config.slstm = {.num_heads = known.num_heads};
      config.slstm_feedforward.emplace();
    }
    return config;
  }
  fail("preset: got \"{}\", want one of: {}", name, fmt::join(preset_names(), ", "));
}

}  // namespace carousel
