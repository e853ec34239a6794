#include "nn/recurrent_weights.h"

#include <cmath>

#include "ops/layout.h"

namespace carousel {

namespace {

// The forget bias of unit j of DH, xLSTM's "powerlaw_blockdependent": from 5 down to −7, the faster
// the earlier the block, so that a head has units of every memory span.
//
//   5 − 12 (j / (DH − 1))^(0.3 + 1.3 r)      r = block / (blocks − 1)
double powerlaw(std::int64_t unit, std::int64_t units, std::int64_t block, std::int64_t blocks) {
  const auto share = [](std::int64_t i, std::int64_t count) {
    return count <= 1 ? 0 : static_cast<double>(i) / static_cast<double>(count - 1);
  };
  return 5 - 12 * std::pow(share(unit, units), 0.3 + 1.3 * share(block, blocks));
}

// (4·NH·DH) with the same values per unit in the forget gate of every head, zeros elsewhere.
template <class Real, class Value>
Var<Real> forget_bias(std::int64_t heads, std::int64_t units, const Value& value) {
  auto bias = Tensor<Real>::zeros({4 * heads * units});
  Real* const forget = bias.mutable_data() + heads * units;
  for (std::int64_t i = 0; i < heads * units; ++i) forget[i] = static_cast<Real>(value(i % units));
  return parameter(bias);
}

template <class Real>
Var<Real> initial_bias(const Init& init, const ModelConfig& model, const SlstmLayerConfig& config,
                       std::int64_t block) {
  const auto d = model.embedding_dim, units = d / config.num_heads;
  switch (config.bias_init) {
    case BiasInit::powerlaw_blockdependent:
      return forget_bias<Real>(config.num_heads, units, [&](std::int64_t unit) {
        return powerlaw(unit, units, block, model.num_blocks);
      });
    case BiasInit::small_init: {
      const Tensor<double> values = linspace<double>(3, 6, units).value;
      return forget_bias<Real>(config.num_heads, units,
                               [&](std::int64_t unit) { return values.data()[unit]; });
    }
    case BiasInit::standard:
      return init.uniform<Real>({4 * d}, 1 / std::sqrt(static_cast<double>(d)));
    case BiasInit::zeros:
      return constant<Real>({4 * d}, 0);
  }
  fail("slstm: bias_init has no such value");
}

}  // namespace

template <class Real>
RecurrentWeights<Real>::RecurrentWeights(const Init& init, const ModelConfig& model,
                                         const SlstmLayerConfig& config, std::int64_t block)
    : bias(initial_bias<Real>(init["_bias_"], model, config, block)) {
  const auto d = model.embedding_dim, units = d / config.num_heads;
  const Shape shape{config.num_heads, 4 * units, units};
  const bool zeros = config.recurrent_weight_init == RecurrentWeightInit::zeros;
  recurrent = zeros ? constant<Real>(shape, 0)
                    : init["_recurrent_kernel_"].uniform<Real>(
                          shape, 1 / std::sqrt(static_cast<double>(d)));
}

template <class Real>
Var<Real> RecurrentWeights<Real>::bias_by_gate() const {
  return reshape(bias, {4, recurrent.dim(0), recurrent.dim(2)});
}

template struct RecurrentWeights<float>;
template struct RecurrentWeights<double>;

}  // namespace carousel
