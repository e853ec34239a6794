// Corpus and batches.

#include <doctest/doctest.h>

#include <set>

#include "core/error.h"
#include "examples/language_model/batches.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/core/temporary_directory.h"
#include "tests/program/tiny_model.h"

namespace carousel::program {

namespace {

std::vector<std::int32_t> read(const Corpus& corpus, std::int64_t begin, std::size_t count) {
  std::vector<std::int32_t> tokens(count);
  corpus.read(begin, tokens);
  return tokens;
}

using Ids = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("corpus: the bytes of files one after the other") {
  const TemporaryDirectory directory;
  put(directory / "a", "ab");
  put(directory / "b", "c");
  put(directory / "c", "d\xFF");
  const Corpus corpus({directory / "a", directory / "b", directory / "c"}, Tokenizer::bytes());
  CHECK(corpus.size() == 5);
  CHECK(corpus.has_bytes());
  CHECK(read(corpus, 0, 5) == Ids{'a', 'b', 'c', 'd', 255});
  CHECK(read(corpus, 1, 3) == Ids{'b', 'c', 'd'});
  CHECK(read(corpus, 2, 1) == Ids{'c'});
}

TEST_CASE("corpus: little-endian 16-bit ids of .bin files") {
  const TemporaryDirectory directory;
  put(directory / "a.bin", as_ids({1, 50256}));
  put(directory / "b.bin", as_ids({65535}));
  const Corpus corpus({directory / "a.bin", directory / "b.bin"}, {});
  CHECK(!corpus.has_bytes());
  CHECK(read(corpus, 0, 3) == Ids{1, 50256, 65535});
  CHECK_NOTHROW(corpus.check_vocabulary(65536));
  CHECK_THROWS_AS(corpus.check_vocabulary(65535), Error);
  CHECK_THROWS_AS(corpus.check_vocabulary(50256), Error);
}

TEST_CASE("corpus: the built-in one is this project's text") {
  const Corpus corpus = Corpus::built_in(Tokenizer::bytes());
  std::string text;
  for (const auto token : read(corpus, 0, static_cast<std::size_t>(corpus.size()))) {
    text += static_cast<char>(token);
  }
  CHECK(text.find("class Tensor {") != std::string::npos);
  CHECK(text.find("# Working on carousel") != std::string::npos);
  CHECK(text.find("corpus: the built-in one is this project's text") != std::string::npos);
  CHECK(text.find('\0') == std::string::npos);
}

TEST_CASE("split: the tail is for validation") {
  const TemporaryDirectory directory;
  put(directory / "a", tiny_text(19));
  const Corpus corpus({directory / "a"}, Tokenizer::bytes());
  const auto sizes = [&](double fraction) {
    const auto [training, validation] = split(corpus, fraction);
    CHECK(training.end == validation.begin);
    CHECK(validation.end == 19);
    return std::pair(training.size(), validation.size());
  };
  CHECK(sizes(0) == std::pair<std::int64_t, std::int64_t>(19, 0));
  CHECK(sizes(0.1) == std::pair<std::int64_t, std::int64_t>(18, 1));
  CHECK(sizes(0.5) == std::pair<std::int64_t, std::int64_t>(10, 9));
}

TEST_CASE("batches: shuffled windows come from everywhere, and targets are the next tokens") {
  const TemporaryDirectory directory;
  std::string text;
  for (int i = 0; i < 20; ++i) text += static_cast<char>('a' + i);
  put(directory / "a", text);
  const Corpus corpus({directory / "a"}, Tokenizer::bytes());
  const Batches batches({&corpus, 0, 20}, Order::shuffled, 4, 5, 1);
  std::set<std::int32_t> starts;
  for (std::int64_t step = 0; step < 100; ++step) {
    const Batch batch = batches(step).front();
    REQUIRE(batch.inputs.shape() == Shape{4, 5});
    for (std::int64_t i = 0; i < 20; ++i) {
      CHECK(batch.targets.data()[i] == batch.inputs.data()[i] + 1);
    }
    for (std::int64_t row = 0; row < 4; ++row) starts.insert(batch.inputs.data()[row * 5]);
  }
  CHECK(starts.size() == 15);  // 20 − 5 places
  const auto inputs = [&](std::int64_t step) { return batches(step).front().inputs; };
  const auto again = inputs(7), other = inputs(8);
  CHECK(std::ranges::equal(again.values(), inputs(7).values()));
  CHECK(!std::ranges::equal(again.values(), other.values()));
}

TEST_CASE("batches: several in a step are the rows of a larger one") {
  const TemporaryDirectory directory;
  put(directory / "a", tiny_text(200));
  const Corpus corpus({directory / "a"});
  for (const Order order : {Order::shuffled, Order::sequential}) {
    const auto parts = Batches({&corpus, 0, 200}, order, 2, 5, 1, 3)(4);
    const auto whole = Batches({&corpus, 0, 200}, order, 6, 5, 1)(4);
    REQUIRE(parts.size() == 3);
    REQUIRE(whole.size() == 1);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(std::ranges::equal(parts[i].inputs.values(),
                               whole.front().inputs.values().subspan(i * 10, 10)));
    }
  }
}

TEST_CASE("batches: exactly one window") {
  const TemporaryDirectory directory;
  put(directory / "a", "abc");
  const Corpus corpus({directory / "a"}, Tokenizer::bytes());
  for (const Order order : {Order::shuffled, Order::sequential}) {
    const Batch batch = Batches({&corpus, 0, 3}, order, 2, 2, 1)(5).front();
    CHECK(std::ranges::equal(batch.inputs.values(), Ids{'a', 'b', 'a', 'b'}));
    CHECK(std::ranges::equal(batch.targets.values(), Ids{'b', 'c', 'b', 'c'}));
  }
  CHECK_THROWS_AS(Batches({&corpus, 0, 3}, Order::shuffled, 1, 3, 1), Error);
}

}  // namespace carousel::program
