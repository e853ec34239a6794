#include "examples/bench/work.h"

#include <algorithm>

#include "ops/mlstm.h"

namespace carousel::bench {

namespace {

// Multiply-adds of one token in what block-diagonal maps and cells do in a block.
double inner_products(const ModelConfig& config, std::int64_t block, std::int64_t S) {
  const auto d = config.embedding_dim;
  if (config.is_slstm(block)) {
    return static_cast<double>(8 * d * (d / config.slstm->num_heads));
  }
  const auto inner = config.inner_dim(), NH = config.mlstm->num_heads, DH = inner / NH;
  const auto qkv = 3 * inner * config.mlstm->qkv_proj_blocksize;
  const double cell = mlstm_cell_flops(S, NH, DH, DH, MlstmOptions{}.chunk_size);
  return static_cast<double>(qkv) + cell / static_cast<double>(2 * S);
}

double state_numbers(const ModelConfig& config, std::int64_t block) {
  const auto d = config.embedding_dim;
  if (config.is_slstm(block)) {
    return static_cast<double>(4 * d + (config.slstm->conv1d_kernel_size - 1) * d);
  }
  const auto inner = config.inner_dim(), NH = config.mlstm->num_heads;
  const auto conv = (config.mlstm->conv1d_kernel_size - 1) * inner;
  return static_cast<double>(inner * (inner / NH) + inner + NH + conv);
}

}  // namespace

std::vector<Projection> block_projections(const ModelConfig& config, std::int64_t block) {
  const auto d = config.embedding_dim;
  std::vector<Projection> result;
  if (!config.is_slstm(block)) {
    const auto inner = config.inner_dim(), NH = config.mlstm->num_heads;
    // The two halves of proj_up, and the parts of the gates that meet q, k and v, are computed
    // apart.
    result.assign(2, {"mlstm.proj_up", inner, d});
    result.insert(result.end(), 3, {"mlstm.igate", NH, inner});
    result.insert(result.end(), 3, {"mlstm.fgate", NH, inner});
    result.push_back({"mlstm.proj_down", d, inner});
  }
  const auto& feedforward =
      config.is_slstm(block) ? config.slstm_feedforward : config.mlstm_feedforward;
  if (feedforward) {
    const auto up = config.up_dim(*feedforward);
    result.push_back({"ffn.proj_up", 2 * up, d});
    result.push_back({"ffn.proj_down", d, up});
  }
  return result;
}

Projection head_projection(const ModelConfig& config) {
  return {"lm_head", config.vocab_size, config.embedding_dim};
}

double mlstm_cell_flops(std::int64_t S, std::int64_t NH, std::int64_t DHqk, std::int64_t DHv,
                        std::int64_t chunk_size) {
  const auto L = std::min(chunk_size, S);
  const auto chunks = S / L, rest = S % L;
  const auto pairs = chunks * L * (L + 1) / 2 + rest * (rest + 1) / 2;
  const auto carried = rest > 0 ? chunks * L : (chunks - 1) * L;  // tokens before the last chunk
  const auto later = S - L;                                       // tokens after the first one
  const auto products = pairs * (DHqk + DHv) + (carried + later) * DHqk * DHv;
  return 2.0 * static_cast<double>(NH * products);
}

double forward_flops(const ModelConfig& config, std::int64_t S) {
  const auto products = [](const Projection& p) {
    return static_cast<double>(p.outputs * p.inputs);
  };
  double sum = products(head_projection(config));
  for (std::int64_t block = 0; block < config.num_blocks; ++block) {
    for (const auto& projection : block_projections(config, block)) sum += products(projection);
    sum += inner_products(config, block, S);
  }
  return 2 * sum;
}

DecodeBytes decode_bytes(const LanguageModel<float>& model) {
  const ModelConfig& config = model.config;
  double weights = 0, state = 0;
  for (const auto& [name, var] : parameters<float>(model)) {
    const bool looked_up = name == "token_embedding.weight" && !config.tie_weights;
    weights += static_cast<double>(looked_up ? config.embedding_dim : var.numel());
  }
  for (std::int64_t block = 0; block < config.num_blocks; ++block) {
    state += 2 * state_numbers(config, block);
  }
  return {.weights = weights * sizeof(float), .state = state * sizeof(float)};
}

}  // namespace carousel::bench
