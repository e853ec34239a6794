// Learns the parity of all bits so far, which takes a state, and is tested on longer sequences.
#include "autograd/tape.h"
#include "nn/adamw.h"
#include "nn/language_model.h"
#include "ops/cross_entropy.h"

using namespace carousel;
using Ids = Tensor<std::int32_t>;  // (B, S)

int main() {
  const auto bits_and_parity = [](std::int64_t B, std::int64_t S, Random random) {
    Ids bits({B, S}), parity({B, S});
    for (std::int64_t i = 0; i < B * S; ++i) {
      const int bit = random.below(2, static_cast<std::uint64_t>(i)) == 1;
      bits.mutable_data()[i] = bit;
      parity.mutable_data()[i] = i % S == 0 ? bit : bit ^ parity.data()[i - 1];
    }
    return std::pair(bits, parity);
  };
  ModelConfig config{.vocab_size = 2, .embedding_dim = 32, .num_blocks = 1, .slstm_at = {0}};
  config.slstm = SlstmLayerConfig{.num_heads = 1};
  const LanguageModel<float> model(config, /*seed=*/1);
  AdamW<float> optimizer(parameters<float>(model), {.weight_decay = 0.01});
  for (std::uint64_t step = 0; step <= 200; ++step) {
    const auto [bits, parity] = bits_and_parity(64, 16, Random{.seed = 1, .stream = step});
    optimizer.clear_gradients();
    {
      Tape tape;
      tape.backward(cross_entropy(model(bits).logits, parity));
    }
    optimizer.clip_gradients(1.0);
    optimizer.step(3e-3);
    if (step % 50 != 0) continue;
    const auto [longer, answer] = bits_and_parity(16, 64, Random{.seed = 2, .stream = step});
    const float loss = cross_entropy(model(longer).logits, answer).value.item();
    fmt::print("step {}: loss on longer sequences {:.4f}\n", step, loss);
  }
}
