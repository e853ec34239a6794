// One sequence gives the same numbers however it is cut into calls, and documents packed into one
// sequence give the same numbers as each alone.

#include <doctest/doctest.h>

#include <numeric>

#include "autograd/tape.h"
#include "tests/nn/models.h"

namespace carousel {

namespace {

// Calls the model on consecutive pieces of these lengths, passing the state on.
template <class Real>
std::vector<ModelOutput<Real>> in_segments(const LanguageModel<Real>& model,
                                           const Tensor<std::int32_t>& tokens,
                                           const std::vector<std::int64_t>& lengths) {
  std::vector<ModelOutput<Real>> outputs;
  ModelState<Real> state;
  std::int64_t begin = 0;
  for (const auto length : lengths) {
    outputs.push_back(model(positions(tokens, begin, begin + length), state));
    state = outputs.back().state;
    begin += length;
  }
  REQUIRE(begin == tokens.dim(1));
  return outputs;
}

template <class Real>
void check_split(const LanguageModel<Real>& model, const Tensor<std::int32_t>& tokens,
                 const std::vector<std::int64_t>& lengths) {
  INFO(lengths.size(), " segments, the first of ", lengths.front());
  const auto whole = model(tokens);
  const auto segments = in_segments(model, tokens, lengths);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto want = positions(whole.logits.value, begin, begin + lengths[i]);
    CHECK(relative_error(segments[i].logits.value, want) <= same_result<Real>);
    begin += lengths[i];
  }
  CHECK(state_error(segments.back().state, whole.state) <= same_result<Real>);
}

template <class Real>
void check_splits() {
  for (const auto& named : model_configs()) {
    INFO(named.name);
    const ModelConfig& config = named.config;
    const auto model = lively_model<Real>(config);
    const auto tokens = random_tokens(2, 9, config.vocab_size);
    for (std::int64_t cut = 1; cut < 9; ++cut) check_split(model, tokens, {cut, 9 - cut});
    check_split(model, tokens, {1, 1, 1, 1, 1, 1, 1, 1, 1});
    check_split(model, tokens, {2, 3, 1, 3});
  }
}

// Upstream gradients of logits: a function of the position in the whole sequence.
Tensor<double> upstream(const Shape& shape) { return random_normal<double>(shape, Random{5}); }

std::vector<Tensor<double>> take_gradients(const LanguageModel<double>& model) {
  std::vector<Tensor<double>> result;
  for (const auto& [name, var] : parameters<double>(model)) {
    result.push_back(var.grad->value().clone());
    var.grad->clear();
  }
  return result;
}

void check_gradients(const LanguageModel<double>& model, const std::vector<Tensor<double>>& got,
                     const std::vector<Tensor<double>>& want) {
  const auto named = parameters<double>(model);
  for (std::size_t i = 0; i < named.size(); ++i) {
    INFO(named[i].name);
    CHECK(relative_error(got[i], want[i]) <= 1e-10);  // sums of both signs cancel some digits
  }
}

// Adds the gradients of Σ logits · du over outputs that start at the given positions.
void run_backward(Tape& tape, const std::vector<ModelOutput<double>>& outputs,
                  const Tensor<double>& du) {
  std::vector<Var<double>> logits;
  std::vector<Tensor<double>> seeds;
  std::int64_t begin = 0;
  for (const auto& output : outputs) {
    const auto S = output.logits.dim(1);
    logits.push_back(output.logits);
    seeds.push_back(positions(du, begin, begin + S));
    begin += S;
  }
  tape.backward(std::span<const Var<double>>(logits), std::span<const Tensor<double>>(seeds));
}

std::vector<Tensor<double>> gradients_in_segments(const LanguageModel<double>& model,
                                                  const Tensor<std::int32_t>& tokens,
                                                  const std::vector<std::int64_t>& lengths) {
  Tape tape;
  const auto outputs = in_segments(model, tokens, lengths);
  run_backward(tape, outputs, upstream({tokens.dim(0), tokens.dim(1), model.config.vocab_size}));
  return take_gradients(model);
}

// Marks the first position of every document but the first.
Tensor<std::int32_t> boundaries(std::int64_t B, const std::vector<std::int64_t>& lengths) {
  const auto S = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  auto reset = Tensor<std::int32_t>::zeros({B, S});
  std::int64_t begin = 0;
  for (const auto length : lengths) {
    for (std::int64_t b = 0; b < B && begin > 0; ++b) reset.mutable_data()[b * S + begin] = 1;
    begin += length;
  }
  return reset;
}

template <class Real>
std::vector<ModelOutput<Real>> each_alone(const LanguageModel<Real>& model,
                                          const Tensor<std::int32_t>& tokens,
                                          const std::vector<std::int64_t>& lengths) {
  std::vector<ModelOutput<Real>> outputs;
  std::int64_t begin = 0;
  for (const auto length : lengths) {
    outputs.push_back(model(positions(tokens, begin, begin + length)));
    begin += length;
  }
  return outputs;
}

template <class Real>
void check_documents(const ModelConfig& config, const std::vector<std::int64_t>& lengths) {
  const auto model = lively_model<Real>(config);
  const auto reset = boundaries(2, lengths);
  const auto tokens = random_tokens(2, reset.dim(1), config.vocab_size);
  const auto packed = model(tokens, {}, {.reset = reset});
  const auto alone = each_alone(model, tokens, lengths);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    INFO("document ", i);
    const auto got = positions(packed.logits.value, begin, begin + lengths[i]);
    CHECK(relative_error(got, alone[i].logits.value) <= same_result<Real>);
    begin += lengths[i];
  }
  CHECK(state_error(packed.state, alone.back().state) <= same_result<Real>);
}

}  // namespace

TEST_CASE("segments: any split and token by token equals the whole") {
  check_splits<double>();
  check_splits<float>();
}

TEST_CASE("segments: longer than a chunk") {
  const auto model = lively_model<double>(mixed_config());
  const auto tokens = random_tokens(1, 131, model.config.vocab_size);
  check_split(model, tokens, {64, 67});
  check_split(model, tokens, {1, 130});
  check_split(model, tokens, {100, 31});
  check_split(model, tokens, std::vector<std::int64_t>(131, 1));
}

TEST_CASE("segments: gradients through a carried state equal those of the whole") {
  for (const auto& named : model_configs()) {
    INFO(named.name);
    const ModelConfig& config = named.config;
    const auto model = lively_model<double>(config);
    const auto tokens = random_tokens(2, 9, config.vocab_size);
    const auto whole = gradients_in_segments(model, tokens, {9});
    check_gradients(model, gradients_in_segments(model, tokens, {4, 5}), whole);
    check_gradients(model, gradients_in_segments(model, tokens, {1, 1, 6, 1}), whole);
  }
}

TEST_CASE("segments: detach keeps the values and cuts the graph") {
  const auto model = lively_model<double>(mixed_config());
  const auto tokens = random_tokens(2, 9, model.config.vocab_size);
  const auto head = positions(tokens, 0, 4), tail = positions(tokens, 4, 9);
  const auto du = upstream({2, 5, model.config.vocab_size});

  const Tape outer;
  const auto carried = model(head).state;
  CHECK(carried.blocks[0].cell[0].wanted());
  const auto cut = detach(carried);
  CHECK(state_error(cut, carried) == 0);
  for (const auto& block : cut.blocks) {
    CHECK(!block.conv.wanted());
    for (const auto& var : block.cell) CHECK(!var.wanted());
  }
  {
    Tape tape;
    run_backward(tape, {model(tail, cut)}, du);
  }
  const auto truncated = take_gradients(model);

  ModelState<double> constants;
  {
    const Tape::Pause pause;
    constants = model(head).state;
  }
  {
    Tape tape;
    run_backward(tape, {model(tail, constants)}, du);
  }
  check_gradients(model, take_gradients(model), truncated);
}

TEST_CASE("documents: packed into one sequence equals each alone") {
  for (const auto& named : model_configs()) {
    INFO(named.name);
    const ModelConfig& config = named.config;
    check_documents<double>(config, {5, 1, 4});
    check_documents<float>(config, {2, 7});
  }
  check_documents<double>(mixed_config(), {60, 3, 1, 80});
}

TEST_CASE("documents: gradients equal the sum over the documents") {
  const std::vector<std::int64_t> lengths{5, 1, 4};
  const auto model = lively_model<double>(mixed_config());
  const auto tokens = random_tokens(2, 10, model.config.vocab_size);
  const auto du = upstream({2, 10, model.config.vocab_size});
  {
    Tape tape;
    run_backward(tape, {model(tokens, {}, {.reset = boundaries(2, lengths)})}, du);
  }
  const auto packed = take_gradients(model);
  {
    Tape tape;
    run_backward(tape, each_alone(model, tokens, lengths), du);
  }
  check_gradients(model, packed, take_gradients(model));
}

TEST_CASE("documents: a reset at the start forgets the state passed in") {
  const auto model = lively_model<double>(mixed_config());
  const auto V = model.config.vocab_size;
  const auto tokens = random_tokens(2, 6, V, 2);
  const auto stale = model(random_tokens(2, 8, V, 3)).state;
  auto reset = Tensor<std::int32_t>::zeros({2, 6});
  reset.mutable_data()[0] = reset.mutable_data()[6] = 1;
  const auto fresh = model(tokens), forgotten = model(tokens, stale, {.reset = reset});
  CHECK(relative_error(forgotten.logits.value, fresh.logits.value) <= 1e-12);
  CHECK(state_error(forgotten.state, fresh.state) <= 1e-12);

  SUBCASE("in one row of the batch only") {
    reset.mutable_data()[6] = 0;
    const auto mixed = model(tokens, stale, {.reset = reset}), kept = model(tokens, stale);
    const auto row = [&](const Tensor<double>& logits, std::int64_t b) {
      const auto n = static_cast<std::size_t>(6 * V);
      return Tensor<double>::from({6, V},
                                  logits.values().subspan(static_cast<std::size_t>(b) * n, n));
    };
    CHECK(relative_error(row(mixed.logits.value, 0), row(fresh.logits.value, 0)) <= 1e-12);
    CHECK(relative_error(row(mixed.logits.value, 1), row(kept.logits.value, 1)) <= 1e-12);
  }
}

}  // namespace carousel
