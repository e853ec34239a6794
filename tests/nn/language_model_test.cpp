// The language model's call: what it returns, and what it refuses.

#include "nn/language_model.h"

#include <doctest/doctest.h>

#include "tests/nn/models.h"

namespace carousel {

namespace {

const LanguageModel<float>& model() {
  static const LanguageModel<float> instance(mixed_config(), 1);
  return instance;
}

}  // namespace

TEST_CASE("language model: shapes of logits and state") {
  const auto [logits, state] = model()(random_tokens(2, 5, 29));
  CHECK(logits.shape() == Shape{2, 5, 29});
  REQUIRE(state.blocks.size() == 3);

  const auto &mlstm_state = state.blocks[0], &slstm_state = state.blocks[1];
  CHECK(mlstm_state.conv.shape() == Shape{2, 3, 64});
  REQUIRE(mlstm_state.cell.size() == 3);
  CHECK(mlstm_state.cell[0].shape() == Shape{2, 2, 32, 32});
  CHECK(mlstm_state.cell[1].shape() == Shape{2, 2, 32});
  CHECK(mlstm_state.cell[2].shape() == Shape{2, 2});
  CHECK(slstm_state.conv.shape() == Shape{2, 3, 16});
  REQUIRE(slstm_state.cell.size() == 4);
  for (const auto& var : slstm_state.cell) CHECK(var.shape() == Shape{2, 2, 8});
}

TEST_CASE("language model: one state format for sequences and single steps") {
  const auto long_state = model()(random_tokens(2, 5, 29)).state;
  const auto short_state = model()(random_tokens(2, 1, 29)).state;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(long_state.blocks[i].conv.shape() == short_state.blocks[i].conv.shape());
    for (std::size_t j = 0; j < long_state.blocks[i].cell.size(); ++j) {
      CHECK(long_state.blocks[i].cell[j].shape() == short_state.blocks[i].cell[j].shape());
    }
  }
}

TEST_CASE("language model: tokens that do not fit are named") {
  CHECK_THROWS_WITH_AS(model()(Tensor<std::int32_t>::zeros({5})),
                       "model: tokens has shape [5], want (batch, positions), at least one each",
                       Error);
  CHECK_THROWS_AS(model()(Tensor<std::int32_t>::zeros({2, 0})), Error);
  CHECK_THROWS_AS(model()(Tensor<std::int32_t>()), Error);
  CHECK_THROWS_WITH_AS(model()(Tensor<std::int32_t>::full({1, 2}, 29)), doctest::Contains("29"),
                       Error);
  CHECK_THROWS_AS(model()(Tensor<std::int32_t>::full({1, 2}, -1)), Error);
  CHECK_THROWS_WITH_AS(
      model()(random_tokens(2, 5, 29), {}, {.reset = Tensor<std::int32_t>::zeros({2, 4})}),
      "model: reset has shape [2, 4], want that of tokens, [2, 5]", Error);
}

TEST_CASE("language model: a state that does not fit is named") {
  const auto tokens = random_tokens(2, 5, 29);
  auto state = model()(tokens).state;
  SUBCASE("too few blocks") {
    state.blocks.pop_back();
    CHECK_THROWS_WITH_AS(model()(tokens, state), "model: state has 2 blocks, want none or 3",
                         Error);
  }
  SUBCASE("another kind of block") {
    std::swap(state.blocks[0].cell, state.blocks[1].cell);
    CHECK_THROWS_WITH_AS(model()(tokens, state), "mlstm: state has 4 tensors, want none or C, n, m",
                         Error);
  }
  SUBCASE("an LSTM's") {
    state.blocks[1].cell.resize(2);
    CHECK_THROWS_WITH_AS(model()(tokens, state),
                         "slstm: state has 2 tensors, want none or h, c, n, m", Error);
  }
  SUBCASE("an sLSTM's in an LSTM") {
    ModelConfig config = mixed_config();
    config.slstm->function = CellFunction::lstm;
    CHECK_THROWS_WITH_AS(LanguageModel<float>(config, 1)(tokens, state),
                         "lstm: state has 4 tensors, want none or h, c", Error);
  }
  SUBCASE("another batch size") { CHECK_THROWS_AS(model()(random_tokens(3, 5, 29), state), Error); }
}

TEST_CASE("language model: a config that cannot be is refused before anything is made") {
  ModelConfig config = mixed_config();
  config.slstm->num_heads = 3;
  CHECK_THROWS_WITH_AS(LanguageModel<float>(config, 1), doctest::Contains("num_heads"), Error);
  config = mixed_config();
  config.mlstm.reset();
  CHECK_THROWS_AS(LanguageModel<float>(config, 1), Error);
  config = mixed_config();
  config.vocab_size = 0;
  CHECK_THROWS_WITH_AS(LanguageModel<float>(config, 1), doctest::Contains("vocab_size"), Error);
}

TEST_CASE("language model: copies share their parameters") {
  const LanguageModel<float> copy = model();
  CHECK(copy.token_embedding.weight.data() == model().token_embedding.weight.data());
}

TEST_CASE("block-diagonal linear: blocks divide the channels") {
  CHECK_THROWS_WITH_AS(BlockDiagonalLinear<float>(Init(1), 10, 3, 1, false),
                       "block_diagonal_linear: got 3 blocks, want a divisor of 10 channels", Error);
}

}  // namespace carousel
