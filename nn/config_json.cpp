// The official dataclass in JSON: config.json ↔ ModelConfig.

#include <algorithm>
#include <numeric>

#include "core/json_object.h"
#include "nn/config.h"

namespace carousel {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

const Choices<Activation> activations{
    {"gelu", Activation::gelu},           {"relu", Activation::relu},
    {"relu^2", Activation::relu_squared}, {"sigmoid", Activation::sigmoid},
    {"swish", Activation::silu},          {"selu", Activation::selu}};
const Choices<CellFunction> functions{{"slstm", CellFunction::slstm}, {"lstm", CellFunction::lstm}};
const Choices<ForgetGate> forget_gates{{"sigmoid", ForgetGate::sigmoid},
                                       {"exponential", ForgetGate::exponential}};
const Choices<BiasInit> bias_inits{{"powerlaw_blockdependent", BiasInit::powerlaw_blockdependent},
                                   {"small_init", BiasInit::small_init},
                                   {"standard", BiasInit::standard},
                                   {"zeros", BiasInit::zeros}};
const Choices<RecurrentWeightInit> recurrent_weight_inits{
    {"zeros", RecurrentWeightInit::zeros}, {"standard", RecurrentWeightInit::standard}};

template <class Value>
std::string_view name_of(Value value, const Choices<Value>& choices) {
  return std::find_if(choices.begin(), choices.end(),
                      [&](const auto& choice) { return choice.second == value; })
      ->first;
}

template <class Layer>
void read_up_projection(JsonObject& object, Layer& layer) {
  object.read("proj_factor", layer.proj_factor);
  object.read("round_proj_up_dim_up", layer.round_up);
  object.read("round_proj_up_to_multiple_of", layer.multiple_of);
  object.ignore({"_proj_up_dim"});
}

FeedForwardConfig read_feedforward(JsonObject& object) {
  FeedForwardConfig feedforward;
  read_up_projection(object, feedforward);
  object.read("act_fn", feedforward.act_fn, activations);
  object.read("bias", feedforward.bias);
  object.read("dropout", feedforward.dropout);
  object.expect("ff_type", "ffn_gated");
  object.ignore({"embedding_dim", "_num_blocks"});
  object.finish();
  return feedforward;
}

MlstmLayerConfig read_mlstm(JsonObject& object) {
  MlstmLayerConfig layer;
  read_up_projection(object, layer);
  object.read("num_heads", layer.num_heads);
  object.read("conv1d_kernel_size", layer.conv1d_kernel_size);
  object.read("qkv_proj_blocksize", layer.qkv_proj_blocksize);
  // The package overwrites these with the model's own, or computes them.
  object.ignore({"embedding_dim", "bias", "dropout", "context_length", "_num_blocks",
                 "_inner_embedding_dim"});
  object.finish();
  return layer;
}

// The package's PyTorch backend ignores forward_clipval, so files saved from it may say anything.
void refuse_forward_clip(JsonObject& object) {
  const json* const backend = object.find("backend");
  const bool ignored = backend != nullptr && *backend == "vanilla";
  const json* const clip = object.find("forward_clipval");
  if (clip == nullptr || clip->is_null() || (ignored && clip->is_number())) return;
  object.reject("forward_clipval", *clip, "null: clipping in the forward pass is not supported");
}

SlstmLayerConfig read_slstm(JsonObject& object) {
  SlstmLayerConfig layer;
  object.read("num_heads", layer.num_heads);
  object.read("conv1d_kernel_size", layer.conv1d_kernel_size);
  object.read("group_norm_weight", layer.group_norm_weight);
  object.read("function", layer.function, functions);
  object.read("forget_gate", layer.forget_gate, forget_gates);
  object.read("bias_init", layer.bias_init, bias_inits);
  object.read("recurrent_weight_init", layer.recurrent_weight_init, recurrent_weight_inits);
  object.read("gradient_recurrent_cut", layer.gradient_recurrent_cut);
  object.read("gradient_recurrent_clipval", layer.gradient_recurrent_clipval);
  refuse_forward_clip(object);
  object.expect("num_gates", 4);
  object.expect("input_shape", "BSGNH");
  object.expect("output_shape", "BNSH");
  // The package overwrites the first line or computes it; the rest steers its CUDA backend.
  object.ignore({"embedding_dim", "hidden_size", "num_states", "dropout", "_num_blocks",
                 "_block_idx", "batch_size", "internal_input_shape", "constants", "initial_val",
                 "dtype", "dtype_a", "dtype_b", "dtype_g", "dtype_r", "dtype_s", "dtype_w",
                 "enable_automatic_mixed_precision"});
  object.finish();
  return layer;
}

// A layer that is left out has the package's defaults; null is refused.
std::optional<JsonObject> layer_of(JsonObject& block, const char* key) {
  const json* const layer = block.find(key);
  if (layer != nullptr && layer->is_null()) block.reject(key, *layer, "an object");
  return block.object(key);
}

void read_mlstm_block(JsonObject& model, ModelConfig& config) {
  auto block = model.object("mlstm_block");
  if (!block) return;
  auto layer = layer_of(*block, "mlstm");
  config.mlstm = layer ? read_mlstm(*layer) : MlstmLayerConfig{};
  if (auto feedforward = block->object("feedforward")) {
    config.mlstm_feedforward = read_feedforward(*feedforward);
  }
  block->ignore({"_num_blocks", "_block_idx"});
  block->finish();
}

void read_slstm_block(JsonObject& model, ModelConfig& config) {
  auto block = model.object("slstm_block");
  if (!block) return;
  auto layer = layer_of(*block, "slstm");
  config.slstm = layer ? read_slstm(*layer) : SlstmLayerConfig{};
  if (block->find("feedforward") == nullptr) {
    config.slstm_feedforward = FeedForwardConfig{};
  } else if (auto feedforward = block->object("feedforward")) {
    config.slstm_feedforward = read_feedforward(*feedforward);
  }
  block->ignore({"_num_blocks", "_block_idx"});
  block->finish();
}

// Positions, of which negative ones count from the end, or "all". Where there is no mLSTM block
// config, the package makes every block an sLSTM whatever the list says.
std::vector<std::int64_t> read_slstm_at(JsonObject& model, const ModelConfig& config) {
  constexpr auto wanted = "\"all\" or a list of block positions";
  const json* const at = model.find("slstm_at");
  const bool all = at != nullptr && *at == "all";
  if (at != nullptr && !all && !at->is_array()) model.reject("slstm_at", *at, wanted);

  std::vector<std::int64_t> positions;
  if (config.num_blocks < 1 || config.num_blocks > ModelConfig::max_blocks) return positions;
  if (all || !config.mlstm) {
    positions.resize(static_cast<std::size_t>(config.num_blocks));
    std::iota(positions.begin(), positions.end(), 0);
    return positions;
  }
  if (at == nullptr) return positions;
  for (const json& entry : *at) {
    const auto position = as_integer(entry);
    if (!position) model.reject("slstm_at", *at, wanted);
    if (*position < -config.num_blocks || *position >= config.num_blocks) {
      model.reject(
          "slstm_at", *at,
          fmt::format("positions from {} to {}", -config.num_blocks, config.num_blocks - 1));
    }
    positions.push_back(*position < 0 ? *position + config.num_blocks : *position);
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return positions;
}

}  // namespace

ModelConfig parse_config(std::string_view text, std::string_view origin) {
  const json parsed = parse_json(text, origin);
  JsonObject model(parsed, origin, "");
  ModelConfig config;
  CAROUSEL_CHECK(model.read("vocab_size", config.vocab_size), "{}: vocab_size is missing", origin);
  model.read("embedding_dim", config.embedding_dim);
  model.read("num_blocks", config.num_blocks);
  model.read("context_length", config.context_length);
  if (config.context_length == -1) config.context_length = 0;  // the package's "not said"
  model.read("add_post_blocks_norm", config.add_post_blocks_norm);
  model.read("bias", config.bias);
  model.read("dropout", config.dropout);
  model.read("tie_weights", config.tie_weights);
  model.read("weight_decay_on_embedding", config.weight_decay_on_embedding);
  model.read("add_embedding_dropout", config.add_embedding_dropout);
  model.ignore({"_block_map"});
  read_mlstm_block(model, config);
  read_slstm_block(model, config);
  config.slstm_at = read_slstm_at(model, config);
  model.finish();
  check_config(config, origin);
  return config;
}

namespace {

template <class Layer>
void write_up_projection(ordered_json& object, const Layer& layer) {
  object["proj_factor"] = layer.proj_factor;
  object["round_proj_up_dim_up"] = layer.round_up;
  object["round_proj_up_to_multiple_of"] = layer.multiple_of;
}

ordered_json write(const std::optional<FeedForwardConfig>& feedforward) {
  if (!feedforward) return nullptr;
  ordered_json object;
  write_up_projection(object, *feedforward);
  object["act_fn"] = name_of(feedforward->act_fn, activations);
  object["bias"] = feedforward->bias;
  object["dropout"] = feedforward->dropout;
  object["ff_type"] = "ffn_gated";
  return object;
}

ordered_json write(const MlstmLayerConfig& layer) {
  ordered_json object;
  write_up_projection(object, layer);
  object["conv1d_kernel_size"] = layer.conv1d_kernel_size;
  object["qkv_proj_blocksize"] = layer.qkv_proj_blocksize;
  object["num_heads"] = layer.num_heads;
  return object;
}

ordered_json write(const SlstmLayerConfig& layer) {
  ordered_json object;
  object["backend"] = "vanilla";
  object["function"] = name_of(layer.function, functions);
  if (layer.forget_gate != ForgetGate::sigmoid) {
    object["forget_gate"] = name_of(layer.forget_gate, forget_gates);
  }
  object["num_heads"] = layer.num_heads;
  object["conv1d_kernel_size"] = layer.conv1d_kernel_size;
  object["group_norm_weight"] = layer.group_norm_weight;
  object["bias_init"] = name_of(layer.bias_init, bias_inits);
  object["recurrent_weight_init"] = name_of(layer.recurrent_weight_init, recurrent_weight_inits);
  object["gradient_recurrent_cut"] = layer.gradient_recurrent_cut;
  object["gradient_recurrent_clipval"] = nullptr;
  if (layer.gradient_recurrent_clipval) {
    object["gradient_recurrent_clipval"] = *layer.gradient_recurrent_clipval;
  }
  return object;
}

ordered_json write_mlstm_block(const ModelConfig& config) {
  if (!config.mlstm) return nullptr;
  ordered_json block{{"mlstm", write(*config.mlstm)}};
  if (config.mlstm_feedforward) block["feedforward"] = write(config.mlstm_feedforward);
  return block;
}

ordered_json write_slstm_block(const ModelConfig& config) {
  if (!config.slstm) return nullptr;
  return {{"slstm", write(*config.slstm)}, {"feedforward", write(config.slstm_feedforward)}};
}

}  // namespace

std::string to_json(const ModelConfig& config) {
  ordered_json object;
  object["vocab_size"] = config.vocab_size;
  object["embedding_dim"] = config.embedding_dim;
  object["num_blocks"] = config.num_blocks;
  object["slstm_at"] = config.slstm_at;
  object["context_length"] = config.context_length;
  object["add_post_blocks_norm"] = config.add_post_blocks_norm;
  object["bias"] = config.bias;
  object["dropout"] = config.dropout;
  object["tie_weights"] = config.tie_weights;
  object["weight_decay_on_embedding"] = config.weight_decay_on_embedding;
  object["add_embedding_dropout"] = config.add_embedding_dropout;
  object["mlstm_block"] = write_mlstm_block(config);
  object["slstm_block"] = write_slstm_block(config);
  return object.dump(2) + "\n";
}

}  // namespace carousel
