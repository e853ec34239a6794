// Documents that share rows or streams have the losses that each has alone.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "data/batches.h"
#include "ops/arithmetic.h"
#include "ops/cross_entropy.h"
#include "tests/data/tiny_corpus.h"
#include "tests/nn/models.h"

namespace carousel {

namespace {

// Rounding differs between the orders of sums.
constexpr double bar = 1e-12;

constexpr std::int32_t V = 29;

// Documents of these lengths, without the separator.
std::vector<Ids> documents_of(const std::vector<std::int64_t>& lengths, bool separated) {
  std::vector<Ids> documents;
  for (const auto length : lengths) {
    const auto number = documents.size();
    const auto tokens = random_tokens(1, length, V - 1, 10 + number);
    Ids& ids = documents.emplace_back();
    for (const auto token : tokens.values()) ids.push_back(token + 1);
    if (separated) ids.insert(ids.begin(), 0);
  }
  return documents;
}

Tensor<std::int32_t> row_of(const Ids& ids) {
  Tensor<std::int32_t> row({1, std::ssize(ids)});
  std::ranges::copy(ids, row.mutable_data());
  return row;
}

// The sum over the predicted tokens, and their number.
struct Loss {
  double sum = 0;
  std::int64_t count = 0;
};

Loss& operator+=(Loss& loss, const Loss& more) {
  loss.sum += more.sum;
  loss.count += more.count;
  return loss;
}

std::int64_t predicted(const Tensor<std::int32_t>& targets) {
  return std::ranges::count_if(targets.values(), [](std::int32_t t) { return t >= 0; });
}

Loss loss_of(const Var<double>& logits, const Tensor<std::int32_t>& targets) {
  const std::int64_t count = predicted(targets);
  if (count == 0) return {};
  return {cross_entropy(logits, targets).value.item() * static_cast<double>(count), count};
}

Ids targets_of(const Ids& document, bool separated) {
  Ids targets(document.begin() + 1, document.end());
  targets.push_back(separated ? 0 : -1);
  return targets;
}

// A document by itself, whole and from a fresh state.
Loss alone(const LanguageModel<double>& model, const Ids& document, bool separated) {
  return loss_of(model(row_of(document)).logits, row_of(targets_of(document, separated)));
}

void check_equal(const Loss& got, const Loss& want) {
  CHECK(got.count == want.count);
  CHECK(std::abs(got.sum - want.sum) <= bar * want.sum);
}

// All that a row holds, cut where it resets.
std::vector<Ids> pieces(const Batch& batch) {
  std::vector<Ids> result;
  for (std::int64_t i = 0; i < batch.inputs.numel(); ++i) {
    if (batch.reset.data()[i] != 0) result.emplace_back();
    result.back().push_back(batch.inputs.data()[i]);
  }
  return result;
}

// The gradient of the summed losses of whoever adds to the model's, and clears it.
std::vector<Tensor<double>> take_gradients(const LanguageModel<double>& model) {
  std::vector<Tensor<double>> gradients;
  for (const auto& parameter : parameters<double>(model)) {
    gradients.push_back(parameter.var.grad->value().clone());
    parameter.var.grad->clear();
  }
  return gradients;
}

void add_gradient(const LanguageModel<double>& model, const Tensor<std::int32_t>& inputs,
                  const Tensor<std::int32_t>& targets, const Tensor<std::int32_t>& reset) {
  const std::int64_t count = predicted(targets);
  if (count == 0) return;
  Tape tape;
  const auto loss = cross_entropy(model(inputs, {}, {.reset = reset}).logits, targets);
  tape.backward(scale(loss, static_cast<double>(count)));
}

void check_gradients(bool separated) {
  const auto model = lively_model<double>(mixed_config());
  const auto documents = documents_of({9, 2, 5, 20, 1, 1, 3, 17, 4, 4, 8}, separated);
  const Corpus corpus =
      corpus_of(documents, separated ? std::optional<std::int32_t>(0) : std::nullopt);
  const Batches batches(all_of(corpus), Order::packed, {1, 24}, 1);
  std::int64_t left = 0;
  for (const Ids& document : documents) {
    const auto targets = row_of(targets_of(document, separated));
    add_gradient(model, row_of(document), targets, {});
    left += predicted(targets);
  }
  const auto want = take_gradients(model);
  for (std::int64_t step = 0; left > 0; ++step) {
    const Batch batch = batches(step).front();
    add_gradient(model, batch.inputs, batch.targets, batch.reset);
    left -= batch.predicted();
  }
  REQUIRE(left == 0);
  const auto got = take_gradients(model);
  for (std::size_t i = 0; i < want.size(); ++i) {
    CHECK(relative_error(got[i], want[i]) <= bar);
  }
}

void check_packed(bool separated) {
  const auto model = lively_model<double>(mixed_config());
  const auto documents = documents_of({9, 2, 5, 20, 1, 1, 3, 17, 4, 4, 8}, separated);
  const Corpus corpus =
      corpus_of(documents, separated ? std::optional<std::int32_t>(0) : std::nullopt);
  const Batches batches(all_of(corpus), Order::packed, {1, 24}, 1);
  std::size_t seen = 0;
  Loss total, want_total;
  for (const Ids& document : documents) want_total += alone(model, document, separated);
  for (std::int64_t step = 0; total.count < want_total.count; ++step) {
    const Batch batch = batches(step).front();
    Loss want;
    for (const Ids& piece : pieces(batch)) {
      if (std::ranges::find(documents, piece) == documents.end()) continue;  // the empty end
      ++seen;
      want += alone(model, piece, separated);
    }
    const Loss got = loss_of(model(batch.inputs, {}, {.reset = batch.reset}).logits, batch.targets);
    check_equal(got, want);
    total += got;
  }
  check_equal(total, want_total);
  CHECK(seen >= documents.size() - 2);
}

void check_streams(bool separated) {
  const auto model = lively_model<double>(mixed_config());
  // 24 windows of 4 tokens, and one more.
  const auto documents = separated ? documents_of({9, 1, 30, 7, 40, 4}, true)
                                   : documents_of({10, 2, 31, 8, 41, 5}, false);
  const Corpus corpus =
      corpus_of(documents, separated ? std::optional<std::int32_t>(0) : std::nullopt);
  REQUIRE(corpus.size() == 97);
  const Batches batches(all_of(corpus), Order::streams, {1, 4}, 1);
  ModelState<double> state;
  Loss total, want;
  for (std::int64_t step = 0; step < 24; ++step) {
    const Batch batch = batches(step).front();
    auto output = model(batch.inputs, state, {.reset = batch.reset});
    state = output.state;
    total += loss_of(output.logits, batch.targets);
  }
  for (const Ids& document : documents) want += alone(model, document, separated);
  // The corpus's last token is given to nobody: what it predicts is missing.
  if (separated) {
    Ids last = documents.back();
    const Loss whole = alone(model, last, true);
    last.pop_back();
    Ids targets(documents.back().begin() + 1, documents.back().end());
    want.sum -= whole.sum - loss_of(model(row_of(last)).logits, row_of(targets)).sum;
    want.count -= 1;
  }
  check_equal(total, want);
}

}  // namespace

TEST_CASE("document losses: packed into rows, every document has the loss it has alone") {
  check_packed(false);
  check_packed(true);
}

TEST_CASE("document losses: packed into rows, the gradient is the sum of those of each alone") {
  check_gradients(false);
  check_gradients(true);
}

TEST_CASE("document losses: in streams with carried state, too, however long") {
  check_streams(false);
  check_streams(true);
}

}  // namespace carousel
