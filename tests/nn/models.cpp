#include "tests/nn/models.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"

namespace carousel {

ModelConfig mixed_config() {
  ModelConfig config;
  config.vocab_size = 29;
  config.embedding_dim = 16;
  config.num_blocks = 3;
  config.slstm_at = {1};
  config.mlstm = MlstmLayerConfig{.num_heads = 2};
  config.slstm = SlstmLayerConfig{.num_heads = 2};
  config.slstm_feedforward = FeedForwardConfig{};
  return config;
}

std::vector<NamedConfig> model_configs() {
  std::vector<NamedConfig> result;
  const auto add = [&](const char* name, const auto& change) {
    ModelConfig config = mixed_config();
    change(config);
    result.push_back({name, config});
  };
  add("mixed", [](ModelConfig&) {});
  add("slstm only", [](ModelConfig& c) { c.slstm_at = {0, 1, 2}; });
  add("mlstm only", [](ModelConfig& c) { c.slstm_at = {}; });
  add("tied", [](ModelConfig& c) { c.tie_weights = true; });
  add("bias", [](ModelConfig& c) { c.bias = c.slstm_feedforward->bias = true; });
  add("no convolution",
      [](ModelConfig& c) { c.mlstm->conv1d_kernel_size = c.slstm->conv1d_kernel_size = 0; });
  add("kernel size 1",
      [](ModelConfig& c) { c.mlstm->conv1d_kernel_size = c.slstm->conv1d_kernel_size = 1; });
  add("feed-forward everywhere", [](ModelConfig& c) {
    c.mlstm_feedforward = FeedForwardConfig{.act_fn = Activation::silu, .bias = true};
  });
  add("no norm weights, no feed-forward", [](ModelConfig& c) {
    c.slstm->group_norm_weight = c.add_post_blocks_norm = false;
    c.slstm_feedforward.reset();
  });
  add("lstm", [](ModelConfig& c) { c.slstm->function = CellFunction::lstm; });
  add("exponential forget gate",
      [](ModelConfig& c) { c.slstm->forget_gate = ForgetGate::exponential; });
  add("heads of one unit", [](ModelConfig& c) { c.slstm->num_heads = 16; });
  return result;
}

template <class Real>
void perturb(const LanguageModel<Real>& model, std::uint64_t seed) {
  for (const auto& [name, var] : parameters<Real>(model)) {
    const double fan_in = var.rank() == 1 ? 4 : static_cast<double>(var.dim(-1));
    const auto noise = random_normal<Real>(var.shape(), Random{seed}.named("perturb " + name),
                                           0.6 / std::sqrt(fan_in));
    Tensor<Real> value = var.value;  // shares storage with the model's
    std::ranges::transform(value.values(), noise.values(), value.mutable_data(), std::plus<>());
  }
}

Tensor<std::int32_t> random_tokens(std::int64_t B, std::int64_t S, std::int64_t V,
                                   std::uint64_t seed) {
  const Random random = Random{seed}.named("tokens");
  Tensor<std::int32_t> tokens({B, S});
  for (std::int64_t i = 0; i < B * S; ++i) {
    const auto token = random.below(static_cast<std::uint64_t>(V), static_cast<std::uint64_t>(i));
    tokens.mutable_data()[i] = static_cast<std::int32_t>(token);
  }
  return tokens;
}

template <class T>
Tensor<T> positions(const Tensor<T>& x, std::int64_t begin, std::int64_t end) {
  const auto B = x.dim(0), S = x.dim(1), inner = x.shape().inner(1);
  const Tensor<T> on_host = x.to(Device::cpu);
  Tensor<T> result(x.shape().with(1, end - begin));
  for (std::int64_t b = 0; b < B; ++b) {
    std::copy_n(on_host.data() + (b * S + begin) * inner, (end - begin) * inner,
                result.mutable_data() + b * (end - begin) * inner);
  }
  return result;
}

template <class Real>
double state_error(const ModelState<Real>& a, const ModelState<Real>& b) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  double worst = 0;
  const auto compare = [&](const Var<Real>& x, const Var<Real>& y) {
    if (x.defined() != y.defined()) worst = nan;
    const double error = relative_error(x.value, y.value);
    if (!(error <= worst)) worst = error;
  };
  if (a.blocks.size() != b.blocks.size()) return nan;
  for (std::size_t i = 0; i < a.blocks.size(); ++i) {
    compare(a.blocks[i].conv, b.blocks[i].conv);
    if (a.blocks[i].cell.size() != b.blocks[i].cell.size()) return nan;
    for (std::size_t j = 0; j < a.blocks[i].cell.size(); ++j) {
      compare(a.blocks[i].cell[j], b.blocks[i].cell[j]);
    }
  }
  return worst;
}

template void perturb(const LanguageModel<float>&, std::uint64_t);
template void perturb(const LanguageModel<double>&, std::uint64_t);
template Tensor<std::int32_t> positions(const Tensor<std::int32_t>&, std::int64_t, std::int64_t);
template Tensor<float> positions(const Tensor<float>&, std::int64_t, std::int64_t);
template Tensor<double> positions(const Tensor<double>&, std::int64_t, std::int64_t);
template double state_error(const ModelState<float>&, const ModelState<float>&);
template double state_error(const ModelState<double>&, const ModelState<double>&);

}  // namespace carousel
