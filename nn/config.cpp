#include "nn/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace carousel {

namespace {

constexpr std::int64_t max_size = std::numeric_limits<std::int32_t>::max();

template <class Layer>
std::int64_t width(const Layer& layer, std::int64_t d) {
  const double steps =
      layer.proj_factor * static_cast<double>(d) / static_cast<double>(layer.multiple_of);
  const double size = (layer.round_up ? std::ceil(steps) : std::floor(steps)) *
                      static_cast<double>(layer.multiple_of);
  CAROUSEL_CHECK(size <= static_cast<double>(max_size),
                 "config: proj_factor {} of embedding_dim {} is too wide, want at most {}",
                 layer.proj_factor, d, max_size);
  return static_cast<std::int64_t>(size);
}

// Checks of one object of the config, whose messages name the official keys.
struct Checker {
  std::string_view origin;
  std::string_view prefix;  // of the keys: "slstm_block.slstm."

  void size(const char* key, std::int64_t got, std::int64_t low, std::int64_t high) const {
    CAROUSEL_CHECK(low <= got && got <= high, "{}: {}{} got {}, want {} to {}", origin, prefix, key,
                   got, low, high);
  }

  void dropout(double got) const {
    CAROUSEL_CHECK(0 <= got && got < 1, "{}: {}dropout got {}, want at least 0 and below 1", origin,
                   prefix, got);
  }

  void divides(const char* key, std::int64_t got, const char* whole, std::int64_t size) const {
    CAROUSEL_CHECK(size % got == 0, "{}: {}{} got {}, want a divisor of the {} {}", origin, prefix,
                   key, got, whole, size);
  }

  template <class Layer>
  void up_projection(const Layer& layer, std::int64_t d) const {
    size("round_proj_up_to_multiple_of", layer.multiple_of, 1, max_size);
    const double widest =
        static_cast<double>(max_size - layer.multiple_of) / static_cast<double>(d);
    CAROUSEL_CHECK(0 < layer.proj_factor && layer.proj_factor <= widest,
                   "{}: {}proj_factor got {}, want above 0 and at most {}", origin, prefix,
                   layer.proj_factor, widest);
    CAROUSEL_CHECK(width(layer, d) > 0, "{}: {}proj_factor got {}, which rounds down to no channel",
                   origin, prefix, layer.proj_factor);
  }
};

void check_feedforward(const FeedForwardConfig& feedforward, std::int64_t d, const Checker& is) {
  constexpr std::array wanted{Activation::gelu,    Activation::relu, Activation::relu_squared,
                              Activation::sigmoid, Activation::silu, Activation::selu};
  CAROUSEL_CHECK(std::find(wanted.begin(), wanted.end(), feedforward.act_fn) != wanted.end(),
                 "{}: {}act_fn is none of gelu, relu, relu^2, sigmoid, swish, selu", is.origin,
                 is.prefix);
  is.dropout(feedforward.dropout);
  is.up_projection(feedforward, d);
}

void check_mlstm(const ModelConfig& config, bool used, std::string_view origin) {
  const MlstmLayerConfig& layer = *config.mlstm;
  const Checker is{origin, "mlstm_block.mlstm."};
  is.size("num_heads", layer.num_heads, 1, max_size);
  is.size("conv1d_kernel_size", layer.conv1d_kernel_size, 0, max_size);
  is.size("qkv_proj_blocksize", layer.qkv_proj_blocksize, 1, max_size);
  is.up_projection(layer, config.embedding_dim);
  if (config.mlstm_feedforward) {
    check_feedforward(*config.mlstm_feedforward, config.embedding_dim,
                      {origin, "mlstm_block.feedforward."});
  }
  if (!used) return;
  const std::int64_t inner = config.inner_dim();
  is.divides("num_heads", layer.num_heads, "inner size", inner);
  // The package rounds the number of blocks down, and takes what they then hold.
  const std::int64_t blocks = inner / layer.qkv_proj_blocksize;
  CAROUSEL_CHECK(blocks > 0 && inner % blocks == 0,
                 "{}: {}qkv_proj_blocksize got {}, want a divisor of the inner size {}", origin,
                 is.prefix, layer.qkv_proj_blocksize, inner);
}

void check_slstm(const ModelConfig& config, bool used, std::string_view origin) {
  const SlstmLayerConfig& layer = *config.slstm;
  const Checker is{origin, "slstm_block.slstm."};
  is.size("num_heads", layer.num_heads, 1, max_size);
  is.size("conv1d_kernel_size", layer.conv1d_kernel_size, 0, max_size);
  const double clip = layer.gradient_recurrent_clipval.value_or(1);
  CAROUSEL_CHECK(0 < clip && std::isfinite(clip),
                 "{}: {}gradient_recurrent_clipval got {}, want null or above 0", origin, is.prefix,
                 clip);
  CAROUSEL_CHECK(
      layer.function == CellFunction::slstm || layer.forget_gate == ForgetGate::sigmoid,
      "{}: {}forget_gate got \"exponential\", want \"sigmoid\" where the function is \"lstm\"",
      origin, is.prefix);
  if (config.slstm_feedforward) {
    check_feedforward(*config.slstm_feedforward, config.embedding_dim,
                      {origin, "slstm_block.feedforward."});
  }
  if (used) is.divides("num_heads", layer.num_heads, "embedding_dim", config.embedding_dim);
}

}  // namespace

bool ModelConfig::is_slstm(std::int64_t block) const {
  return std::find(slstm_at.begin(), slstm_at.end(), block) != slstm_at.end();
}

std::int64_t ModelConfig::inner_dim() const {
  CAROUSEL_CHECK(mlstm.has_value(), "config: has no mlstm_block");
  return width(*mlstm, embedding_dim);
}

std::int64_t ModelConfig::up_dim(const FeedForwardConfig& feedforward) const {
  return width(feedforward, embedding_dim);
}

void check_config(const ModelConfig& config, std::string_view origin) {
  const Checker is{origin, ""};
  is.size("vocab_size", config.vocab_size, 1, max_size);
  is.size("embedding_dim", config.embedding_dim, 1, max_size);
  is.size("num_blocks", config.num_blocks, 1, ModelConfig::max_blocks);
  is.size("context_length", config.context_length, 0, max_size);
  is.dropout(config.dropout);

  std::int64_t last = -1;
  for (const std::int64_t block : config.slstm_at) {
    is.size("slstm_at", block, 0, config.num_blocks - 1);
    CAROUSEL_CHECK(last < block, "{}: slstm_at got {} after {}, want ascending positions", origin,
                   block, last);
    last = block;
  }
  const auto slstm_blocks = static_cast<std::int64_t>(config.slstm_at.size());
  const bool has_slstm = slstm_blocks > 0, has_mlstm = slstm_blocks < config.num_blocks;
  CAROUSEL_CHECK(config.mlstm || config.slstm, "{}: has neither mlstm_block nor slstm_block",
                 origin);
  CAROUSEL_CHECK(!has_slstm || config.slstm, "{}: block {} is an sLSTM, but slstm_block is missing",
                 origin, config.slstm_at.front());
  CAROUSEL_CHECK(!has_mlstm || config.mlstm, "{}: has mLSTM blocks, but mlstm_block is missing",
                 origin);
  CAROUSEL_CHECK(config.mlstm || !config.mlstm_feedforward,
                 "{}: mlstm_block.feedforward is given, but mlstm_block.mlstm is missing", origin);
  CAROUSEL_CHECK(config.slstm || !config.slstm_feedforward,
                 "{}: slstm_block.feedforward is given, but slstm_block.slstm is missing", origin);
  if (config.mlstm) check_mlstm(config, has_mlstm, origin);
  if (config.slstm) check_slstm(config, has_slstm, origin);
}

}  // namespace carousel
