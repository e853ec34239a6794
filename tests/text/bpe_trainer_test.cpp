#include "text/bpe_trainer.h"

#include <doctest/doctest.h>

#include <map>

#include "core/error.h"
#include "core/random.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer.h"
#include "text/words.h"

namespace carousel {

namespace {

using Words = std::map<std::vector<std::string>, int>;

// What was learnt: "left right" in the order of learning.
std::vector<std::string> merges(const Vocabulary& vocabulary) {
  std::vector<std::string> result;
  for (const auto& [left, right] : vocabulary.merges) {
    result.push_back(vocabulary.tokens[static_cast<std::size_t>(left)] + "|" +
                     vocabulary.tokens[static_cast<std::size_t>(right)]);
  }
  return result;
}

std::vector<std::string> learn(std::string_view text, std::int64_t count,
                               const std::vector<std::string>& specials = {}) {
  BpeTrainer trainer(256 + std::ssize(specials) + count, specials);
  trainer.add(text);
  return merges(trainer.train());
}

std::vector<std::string> merged(const std::vector<std::string>& word, const std::string& left,
                                const std::string& right) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool pair = i + 1 < word.size() && word[i] == left && word[i + 1] == right;
    result.push_back(pair ? left + right : word[i]);
    i += pair;
  }
  return result;
}

// The definition, counting everything anew each time.
std::vector<std::string> learn_slowly(std::string_view text, std::int64_t count) {
  Words words;
  split_words(text, [&](std::string_view word) {
    std::vector<std::string> letters;
    for (const char c : word) letters.emplace_back(1, c);
    ++words[letters];
  });
  std::vector<std::string> result;
  for (; count > 0; --count) {
    std::map<std::pair<std::string, std::string>, int> pairs;
    for (const auto& [word, times] : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) pairs[{word[i], word[i + 1]}] += times;
    }
    auto best = pairs.begin();
    for (auto pair = pairs.begin(); pair != pairs.end(); ++pair) {
      if (pair->second >= best->second) best = pair;  // the greatest of equals comes last
    }
    const auto [left, right] = best->first;
    result.push_back(left + "|" + right);
    Words next;
    for (const auto& [word, times] : words) next[merged(word, left, right)] += times;
    words = std::move(next);
  }
  return result;
}

}  // namespace

TEST_CASE("training: a text whose merges are known") {
  // low 5, lower 2, newest 6, widest 3: the example of Sennrich et al. 2016, with blanks.
  std::string text;
  for (const auto& [word, count] :
       std::map<std::string, int>{{" low", 5}, {" lower", 2}, {" newest", 6}, {" widest", 3}}) {
    for (int i = 0; i < count; ++i) text += word;
  }
  // s|t and e|s are 9 times there: s is greater than e.
  CHECK(learn(text, 6) == std::vector<std::string>{"s|t", "e|st", "o|w", "l|ow", " |low", "w|est"});
}

TEST_CASE("training: of equally frequent pairs the greater one") {
  CHECK(learn("ab cd", 1) == std::vector<std::string>{"c|d"});
  CHECK(learn("xa xb", 1) == std::vector<std::string>{"x|b"});
  CHECK(learn("a\xC3\xA9 zy", 1) == std::vector<std::string>{"\xC3|\xA9"});  // bytes have no sign
  CHECK(learn("aaa", 2) == std::vector<std::string>{"a|a", "aa|a"});
  CHECK(learn("aaaa", 2) == std::vector<std::string>{"a|a", "aa|aa"});
}

TEST_CASE("training: the order of texts makes no difference, and words end with them") {
  BpeTrainer forward(270, {}), backward(270, {});
  const std::vector<std::string> texts{"the cat sat on the mat", "that was the hat", "flat bats"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    forward.add(texts[i]);
    backward.add(texts[texts.size() - 1 - i]);
  }
  CHECK(forward.train().tokens == backward.train().tokens);
}

TEST_CASE("training: special tokens come first, and separate") {
  BpeTrainer trainer(258, {"<end>"});
  trainer.add("ab<end>ab<end>endend");
  const Vocabulary vocabulary = trainer.train();
  CHECK(merges(vocabulary) == std::vector<std::string>{"n|d"});
  CHECK(vocabulary.tokens.at(0) == "<end>");
  CHECK(vocabulary.tokens.at(1) == "!");
  CHECK(vocabulary.tokens.at(257) == "nd");
  const Tokenizer tokenizer(vocabulary, "f");
  CHECK(tokenizer.encode("<end>nd") == std::vector<std::int32_t>{0, 257});
}

TEST_CASE("training: as by the definition, on random texts") {
  const Random random = Random{3}.named("text");
  for (std::uint64_t round = 0; round < 20; ++round) {
    std::string text;
    for (std::uint64_t i = 0; i < 400; ++i) {
      text += "aaabbc  d\xC3\xA9\n"[random.below(12, round * 1000 + i)];
    }
    INFO(text);
    CHECK(learn(text, 40) == learn_slowly(text, 40));
  }
}

TEST_CASE("training: what cannot be learnt is said") {
  CHECK_THROWS_WITH_AS(
      BpeTrainer(256, {"<a>"}),
      "tokenizer train: got a vocabulary of 256, want at least 257: 256 bytes and 1 "
      "special token",
      Error);
  CHECK_THROWS_WITH_AS(
      BpeTrainer(-1, {}),
      "tokenizer train: got a vocabulary of -1, want at least 256: 256 bytes and 0 "
      "special tokens",
      Error);
  CHECK_THROWS_WITH_AS(BpeTrainer(300, {"<a>", ""}), "tokenizer train: a special token is empty",
                       Error);
  CHECK_THROWS_WITH_AS(BpeTrainer(300, {"<a>", "<a>"}),
                       "tokenizer train: the special token \"<a>\" is there twice", Error);
  CHECK_THROWS_WITH_AS(learn("abc", 3),
                       "tokenizer train: the texts are enough for 258 tokens, want 259: give more "
                       "text or a smaller vocabulary",
                       Error);
  CHECK(learn("", 0).empty());
}

}  // namespace carousel
