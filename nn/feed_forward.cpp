#include "nn/feed_forward.h"

#include "ops/activation.h"

namespace carousel {

template <class Real>
GatedFeedForward<Real>::GatedFeedForward(const Init& init, const ModelConfig& model,
                                         const FeedForwardConfig& config)
    : proj_up(init["proj_up"], model.embedding_dim, 2 * model.up_dim(config),
              small_init(model.embedding_dim), config.bias),
      proj_down(init["proj_down"], model.up_dim(config), model.embedding_dim,
                wang_init(model.embedding_dim, model.num_blocks), config.bias),
      act_fn(config.act_fn),
      dropout(config.dropout) {}

template <class Real>
Var<Real> GatedFeedForward<Real>::operator()(const Var<Real>& x, const CallOptions& options) const {
  return options.drop(proj_down(gated_activation(act_fn, proj_up(x))), dropout);
}

template struct GatedFeedForward<float>;
template struct GatedFeedForward<double>;
template struct GatedFeedForward<bf16>;

}  // namespace carousel
