// Words of tokens, counts of words, losses of words.

#include <doctest/doctest.h>

#include <cmath>

#include "core/file.h"
#include "data/corpus_files.h"
#include "examples/language_model/frequency/word_counts.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/core/temporary_directory.h"
#include "tests/program/tiny_model.h"
#include "tests/program/word_tables.h"
#include "text/tokenizer_files.h"

namespace carousel {

namespace {

using program::FrequencyTable;
using program::WordCounts;

const std::string gpt2 = CAROUSEL_SOURCE_DIR "/tests/golden/tokenizers/gpt2";

// Bytes, tokens of several of them, and a special token.
Tokenizer small_tokenizer() {
  Vocabulary vocabulary = Tokenizer::bytes().vocabulary();
  vocabulary.tokens.insert(vocabulary.tokens.end(), {"\n\n", " b", "a\nb", "< >"});
  vocabulary.merges = {{'\n', '\n'}, {' ', 'b'}};
  vocabulary.added = {{.id = 259}};
  return {vocabulary, "small"};
}

void check(const program::WordLoss& got, std::int64_t words, std::int64_t tokens, double nats) {
  CHECK(got.words == words);
  CHECK(got.tokens == tokens);
  CHECK(got.nats == nats);  // sums of small powers of two are exact
}

}  // namespace

TEST_CASE("frequency: words are what stands between white space, and line breaks") {
  const Tokenizer bytes = Tokenizer::bytes();
  CHECK(words_of(bytes, "") == Words{});
  CHECK(words_of(bytes, "a bc\n\n \td,\xFF!\r\ne") ==
        Words{"a", "bc", "\n", "\n", "d,\xFF!", "\n", "e"});
  CHECK(words_of(bytes, "a  ") == Words{"a", ""});
  CHECK(words_of(bytes, " \n ") == Words{"\n", ""});
}

TEST_CASE("frequency: words do not depend on the tokenizer, but special tokens are words") {
  const Tokenizer small = small_tokenizer(), bpe = load_tokenizer(gpt2);
  const std::string text = tiny_text(300) + "\n\n\n b  a\nb a ";
  const Words want = words_of(Tokenizer::bytes(), text);
  CHECK(words_of(small, text) == want);
  CHECK(words_of(bpe, text) == want);
  CHECK(words_of(small, {'x', 258, 258}) == Words{"xa", "\n", "ba", "\n", "b"});
  CHECK(words_of(small, "x< >y < > < >\n") == Words{"x", "< >", "y", "< >", "< >", "\n"});
  CHECK(words_of(bpe, "one<|endoftext|>two") == Words{"one", "<|endoftext|>", "two"});
}

TEST_CASE("frequency: counts of words, which end where files do") {
  const TemporaryDirectory directory;
  put(directory / "a", "to be or not to b");
  put(directory / "b", "e\nto \n");
  for (const Tokenizer& tokenizer : {Tokenizer::bytes(), small_tokenizer()}) {
    const WordCounts counts(open_files({directory / "a", directory / "b"}, tokenizer));
    const std::vector<std::pair<const char*, int>> want{{"to", 3}, {"be", 1}, {"b", 1}, {"e", 1},
                                                        {"\n", 2}, {"", 0},   {"t", 0}};
    for (const auto& [word, count] : want) CHECK(counts.of(word) == count);
  }
}

TEST_CASE("frequency: every count has its bucket") {
  const std::vector<std::pair<std::int64_t, std::size_t>> want{{0, 0},
                                                               {1, 1},
                                                               {9, 1},
                                                               {10, 2},
                                                               {99, 2},
                                                               {100, 3},
                                                               {999, 3},
                                                               {1000, 4},
                                                               {9999, 4},
                                                               {10000, 5},
                                                               {std::int64_t{1} << 40, 5}};
  for (const auto& [count, bucket] : want) CHECK(FrequencyTable::bucket(count) == bucket);
}

TEST_CASE("frequency: tokens count for the word that their last byte is in") {
  std::string training = "ab\n";
  for (int i = 0; i < 10; ++i) training += "b ";
  const auto small = small_tokenizer();
  // Once: "ab"; ten times: "b"; never: "c". The first word has a given token, and another one.
  const auto table = table_of(small, training, {'a', 'b', 257, ' ', 'c', ' ', ' ', 'b'},
                              {0.5, 1, 2, 4, 8, 16, 32});
  check(table.buckets[0], 1, 2, 6);
  check(table.buckets[1], 1, 1, 0.5);
  check(table.buckets[2], 2, 4, 57);
  for (const std::size_t i : {3U, 4U, 5U}) check(table.buckets[i], 0, 0, 0);
  check(table.all, 4, 7, 63.5);
  CHECK(std::isnan(table.buckets[5].perplexity()));
  CHECK(table.all.perplexity() == std::exp(63.5 / 4));
}

TEST_CASE("frequency: a token that ends several words, and white space at the end") {
  const auto small = small_tokenizer();
  // " " is given, and belongs to the "\n" that the next token begins with, "\n\n".
  const auto lines = table_of(small, "\n\n\n", {' ', 256, ' '}, {1, 2});
  check(lines.buckets[0], 1, 1, 2);
  check(lines.buckets[1], 2, 1, 1);
  check(lines.all, 3, 2, 3);
  // A word that ends inside a token has none of its own there: "xa", "\n", and "b" with the loss.
  const auto inside = table_of(small, "b", {'x', 258}, {4});
  check(inside.buckets[0], 2, 0, 0);
  check(inside.buckets[1], 1, 1, 4);
}

TEST_CASE("frequency: given words are left out, and a given token begins a word") {
  const auto bytes = Tokenizer::bytes();
  // "ab" and "ab", where the second a is the first of a document.
  const auto table = table_of(bytes, "abab ab ab", {'a', 'b', 'a', 'b'}, {1, -1, 2});
  check(table.buckets[1], 2, 2, 3);
  check(table.all, 2, 2, 3);
  const auto given = table_of(bytes, "a", {'a', ' ', 'b'}, {1, 2});
  check(given.buckets[0], 1, 2, 3);
  check(given.all, 1, 2, 3);
}

}  // namespace carousel
