#include "examples/language_model/model_case.h"

#include "autograd/record.h"
#include "nn/language_model.h"
#include "ops/layout.h"

namespace carousel::program {

namespace {

using Vars = std::vector<Var<double>>;

// Logits (B, 5, V) of five tokens, read in two calls.
Var<double> read_two_segments(const LanguageModel<double>& model) {
  const auto first = Tensor<std::int32_t>::from({2, 3}, {1, 4, 2, 0, 6, 5});
  const auto second = Tensor<std::int32_t>::from({2, 2}, {3, 3, 6, 1});
  const auto [logits, state] = model(first);
  return concat<double>({logits, model(second, state).logits}, 1);
}

void set_parameters(const LanguageModel<double>& model, const Vars& values) {
  const Tape::Pause pause;
  move_to<double>(model, values[0].device());
  auto targets = parameters<double>(model);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i].var.value.copy_from(values[i].value);
  }
}

// The model's logits as a function of its parameters. The gradients arrive in the model's own slots
// and are handed on to those of the values.
Vars logits_of_parameters(const LanguageModel<double>& model, const Vars& values) {
  set_parameters(model, values);
  Tensor<double> logits;
  {
    const Tape::Pause pause;
    logits = read_two_segments(model).value;
  }
  const auto backward = [&] {
    return [model, values](const Tensor<double>& dlogits) {
      set_parameters(model, values);
      const auto inner = parameters<double>(model);
      for (const auto& parameter : inner) parameter.var.grad->clear();
      Tape tape;
      const Vars outputs{read_two_segments(model)};
      tape.backward(std::span<const Var<double>>(outputs), std::span(&dlogits, 1));
      for (std::size_t i = 0; i < inner.size(); ++i) {
        if (values[i].wanted()) values[i].grad->add(inner[i].var.grad->value());
      }
    };
  };
  return {record("language_model", logits, {values}, backward)};
}

// Norms over a few channels of a whole model bend so much that the difference quotients are off by
// some 1e-7.
constexpr double tolerance = 1e-6;

OpCase model_case(std::string note, const ModelConfig& config) {
  const LanguageModel<double> model(config, 1);
  OpCase result{.op = "language_model",
                .note = std::move(note),
                .inputs = {},
                .tolerance = tolerance,
                .run_float = {},
                .run_double = [model](const Vars& in) { return logits_of_parameters(model, in); },
                .run_bf16 = {}};
  for (const auto& [name, var] : parameters<double>(model)) {
    result.inputs.push_back({name, var.shape(), name == "token_embedding.weight" ? 2.0 : 0.2});
  }
  return result;
}

}  // namespace

std::vector<OpCase> model_cases() {
  const ModelConfig base{.vocab_size = 7, .embedding_dim = 8, .num_blocks = 2, .bias = true};
  const MlstmLayerConfig mlstm{.num_heads = 2, .multiple_of = 8};
  const SlstmLayerConfig slstm{.num_heads = 2};
  const FeedForwardConfig feedforward{.multiple_of = 8};

  ModelConfig mixed = base;
  mixed.slstm_at = {1};
  mixed.mlstm = mlstm;
  mixed.slstm = slstm;
  mixed.slstm_feedforward = feedforward;

  ModelConfig lstm = base;
  lstm.slstm_at = {0, 1};
  lstm.slstm = slstm;
  lstm.slstm->function = CellFunction::lstm;
  lstm.slstm_feedforward = feedforward;
  lstm.tie_weights = true;

  return {model_case("mLSTM, sLSTM", mixed), model_case("LSTM, tied weights", lstm)};
}

}  // namespace carousel::program
