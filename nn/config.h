// The configuration of a language model: the official package's dataclass (xLSTMLMModelConfig of
// the PyPI package xlstm), in JSON and as a struct. Every key of the package is obeyed, or refused
// by name, or has no meaning here: what steers its Python backends, and what it computes itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/activation.h"
#include "kernels/slstm.h"

namespace carousel {

enum class CellFunction { slstm, lstm };
enum class BiasInit { powerlaw_blockdependent, small_init, standard, zeros };
enum class RecurrentWeightInit { zeros, standard };

struct FeedForwardConfig {
  double proj_factor = 1.3;              // U is about proj_factor · d,
  bool round_up = true;                  // rounded up or down
  std::int64_t multiple_of = 64;         // to a multiple of this
  Activation act_fn = Activation::gelu;  // gelu, relu, relu_squared, sigmoid, silu or selu
  bool bias = false;
  double dropout = 0;

  friend bool operator==(const FeedForwardConfig&, const FeedForwardConfig&) = default;
};

struct MlstmLayerConfig {
  std::int64_t num_heads = 4;
  std::int64_t conv1d_kernel_size = 4;  // 0: no convolution
  std::int64_t qkv_proj_blocksize = 4;
  double proj_factor = 2;         // I is about proj_factor · d,
  bool round_up = true;           // rounded up or down
  std::int64_t multiple_of = 64;  // to a multiple of this

  friend bool operator==(const MlstmLayerConfig&, const MlstmLayerConfig&) = default;
};

struct SlstmLayerConfig {
  std::int64_t num_heads = 4;
  std::int64_t conv1d_kernel_size = 4;  // 0: no convolution
  bool group_norm_weight = true;
  CellFunction function = CellFunction::slstm;
  ForgetGate forget_gate = ForgetGate::sigmoid;  // written only when exponential: not the package's
  BiasInit bias_init = BiasInit::powerlaw_blockdependent;
  RecurrentWeightInit recurrent_weight_init = RecurrentWeightInit::zeros;
  bool gradient_recurrent_cut = false;
  std::optional<double> gradient_recurrent_clipval = {};

  friend bool operator==(const SlstmLayerConfig&, const SlstmLayerConfig&) = default;
};

struct ModelConfig {
  static constexpr std::int64_t max_blocks = 10000;

  std::int64_t vocab_size = 0;
  std::int64_t embedding_dim = 128;
  std::int64_t num_blocks = 1;
  std::vector<std::int64_t> slstm_at = {};  // positions of sLSTM blocks, ascending
  std::int64_t context_length = 0;          // the sequences it was made for; 0: not said
  bool add_post_blocks_norm = true;
  bool bias = false;  // of the projections in mLSTM layers
  bool tie_weights = false;
  bool weight_decay_on_embedding = false;
  bool add_embedding_dropout = false;
  double dropout = 0;
  std::optional<MlstmLayerConfig> mlstm = {};
  std::optional<FeedForwardConfig> mlstm_feedforward = {};  // not the package's
  std::optional<SlstmLayerConfig> slstm = {};
  std::optional<FeedForwardConfig> slstm_feedforward = {};

  bool is_slstm(std::int64_t block) const;

  // I, the width inside an mLSTM layer, and U, that of a feed-forward; their proj_up has 2 I and 2
  // U outputs. ⌈proj_factor · d / multiple⌉ · multiple, or ⌊…⌋, in double and in the package's
  // order: 1.1 · 640 is 704.0000000000001, so 768. Throws Error without an mLSTM layer or above
  // 2^31 − 1.
  std::int64_t inner_dim() const;
  std::int64_t up_dim(const FeedForwardConfig& feedforward) const;

  friend bool operator==(const ModelConfig&, const ModelConfig&) = default;
};

// Throws Error, naming origin and the official key, unless the sizes are possible and fit together.
void check_config(const ModelConfig& config, std::string_view origin);

// A checked config from the package's JSON. Keys left out have the package's defaults. Throws Error
// that names origin and the key which is unknown, missing, of another type, or impossible.
ModelConfig parse_config(std::string_view json, std::string_view origin);

// JSON that parse_config reads back to an equal config, and that the package loads strictly, as
// long as neither an exponential forget gate nor a feed-forward after an mLSTM is asked for.
std::string to_json(const ModelConfig& config);

// Ready-made byte-level models, by name. Throws Error that lists the names for another name.
ModelConfig preset(std::string_view name);
std::vector<std::string_view> preset_names();

}  // namespace carousel
