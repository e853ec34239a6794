// Inspection: what happens in a model while it reads a prompt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nn/language_model.h"

namespace carousel::program {

// A quantity of a block: values[head][token].
struct Quantity {
  std::string name;  // see cell_view.h
  std::vector<std::vector<double>> values;
};

struct BlockView {
  std::string kind;  // "mlstm", "slstm" or "lstm"
  std::vector<Quantity> quantities;
};

// The 2-norm of the gradient of the mean loss, of a parameter or of all in a part of the model.
struct GradientNorm {
  std::string name;
  double norm = 0;
  std::int64_t numbers = 0;                   // that it is over
  std::vector<GradientNorm> parameters = {};  // of a part
};

struct Inspection {
  std::vector<BlockView> blocks;
  std::vector<double> losses;  // −log p of tokens 1, 2, …, in nats
  std::vector<GradientNorm> gradients;
};

// Reads S ≥ 2 tokens twice: one by one, looking into the cells after each, and at once, for the
// losses and their gradient. Throws Error for fewer, and for one outside the vocabulary.
template <class Real>
Inspection inspect(const LanguageModel<Real>& model, std::span<const std::int32_t> tokens);

}  // namespace carousel::program
