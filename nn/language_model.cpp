#include "nn/language_model.h"

namespace carousel {

namespace {

const ModelConfig& checked(const ModelConfig& config) {
  check_config(config, "model");
  return config;
}

}  // namespace

template <class Real>
LanguageModel<Real>::LanguageModel(const ModelConfig& model_config, std::uint64_t seed)
    : config(checked(model_config)),
      xlstm_block_stack(Init(seed)["xlstm_block_stack"], config),
      token_embedding(Init(seed)["token_embedding"], config.vocab_size, config.embedding_dim) {
  if (config.tie_weights) return;
  lm_head.emplace(Init(seed)["lm_head"], config.embedding_dim, config.vocab_size,
                  small_init(config.embedding_dim), /*with_bias=*/false);
}

template <class Real>
ModelOutput<Real> LanguageModel<Real>::operator()(const Tensor<std::int32_t>& tokens,
                                                  ModelState<Wide<Real>> state,
                                                  const CallOptions& call) const {
  CAROUSEL_CHECK(tokens.rank() == 2 && tokens.numel() > 0,
                 "model: tokens has shape {}, want (batch, positions), at least one each",
                 tokens.shape());
  CAROUSEL_CHECK(!call.reset.defined() || call.reset.shape() == tokens.shape(),
                 "model: reset has shape {}, want that of tokens, {}", call.reset.shape(),
                 tokens.shape());
  const CallOptions options{call.reset.to(token_embedding.weight.device()), call.dropout};
  auto x = token_embedding(tokens);
  if (config.add_embedding_dropout) {
    x = options.named("token_embedding").drop(x, config.dropout);
  }
  auto [y, after] = xlstm_block_stack(x, std::move(state), options);
  return {lm_head ? lm_head->wide(y) : linear_wide(y, token_embedding.weight, {}),
          std::move(after)};
}

template struct LanguageModel<float>;
template struct LanguageModel<double>;
template struct LanguageModel<bf16>;

}  // namespace carousel
