#include "text/tokenizer.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/random.h"
#include "text/normalization.h"
#include "text/tokenizer_files.h"

namespace carousel {

namespace {

using Ids = std::vector<std::int32_t>;

const std::filesystem::path golden = CAROUSEL_SOURCE_DIR "/tests/golden/tokenizers";

// Bytes of every kind, often such that make characters.
std::string random_bytes(const Random& random, std::uint64_t number) {
  auto draw = [&, index = number << 8](std::uint64_t bound) mutable {
    return random.below(bound, index++);
  };
  std::string bytes;
  for (std::uint64_t runs = draw(8); runs > 0; --runs) {
    const std::uint64_t kind = draw(5);
    for (std::uint64_t length = draw(6); length > 0; --length) {
      const std::uint64_t byte = draw(256);
      if (kind == 0) bytes += static_cast<char>(byte);
      if (kind == 1) bytes += static_cast<char>('a' + byte % 26);
      if (kind == 2) bytes += " \t\n\r"[byte % 4];
      if (kind == 3) bytes += {static_cast<char>(0xC3), static_cast<char>(0x80 | byte % 0x40)};
      if (kind == 4) bytes += "<|endoftext|>"[byte % 13];
    }
  }
  return bytes;
}

Vocabulary letters() {
  return {.tokens = {"a", "b", "c", "ab", "abc"}, .merges = {{0, 1}, {3, 2}}, .added = {}};
}

void refuse(Vocabulary vocabulary, const char* sentence) {
  CHECK_THROWS_WITH_AS(Tokenizer(std::move(vocabulary), "f"), sentence, Error);
}

}  // namespace

TEST_CASE("tokenizer: the ids of tiktoken and Hugging Face") {
  const Tokenizer gpt2 = load_tokenizer(golden / "gpt2"), neox = load_tokenizer(golden / "neox");
  const auto cases = parse_json(read_file(golden / "ids.json"), "ids.json");
  REQUIRE(cases.size() >= 19);
  for (const auto& one : cases) {
    const std::string text = one["text"];
    INFO(text);
    CHECK(gpt2.encode(text) == one["gpt2"].get<Ids>());
    CHECK(gpt2.encode(text, Specials::plain_text) == one["gpt2_plain_text"].get<Ids>());
    CHECK(gpt2.decode(gpt2.encode(text)) == text);
    CHECK(neox.encode(text) == one["neox"].get<Ids>());
    CHECK(neox.decode(neox.encode(text)) == one["neox_decoded"].get<std::string>());
  }
}

TEST_CASE("tokenizer: bytes") {
  const Tokenizer bytes = Tokenizer::bytes();
  CHECK(bytes.is_bytes());
  CHECK(bytes.vocab_size() == 256);
  CHECK(bytes.encode("a\xFF\n") == Ids{97, 255, 10});
  CHECK(bytes.decode(Ids{97, 255, 10}) == "a\xFF\n");
  CHECK(bytes.encode("").empty());
  CHECK(!load_tokenizer(golden / "gpt2").is_bytes());
}

TEST_CASE("tokenizer: random bytes come back") {
  const char* const wanted = std::getenv("CAROUSEL_ROUND_TRIPS");
  const auto count = wanted == nullptr ? 10'000 : std::strtoull(wanted, nullptr, 10);
  const Tokenizer gpt2 = load_tokenizer(golden / "gpt2");
  const Random random = Random{11}.named("bytes");
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string text = random_bytes(random, i);
    wrong += gpt2.decode(gpt2.encode(text)) != text;
    wrong += gpt2.decode(gpt2.encode(text, Specials::plain_text)) != text;
  }
  CHECK(count >= 10'000);
  CHECK(wrong == 0);
}

TEST_CASE("tokenizer: merges in the order in which they were learnt, the leftmost first") {
  Vocabulary vocabulary = letters();
  CHECK(Tokenizer(vocabulary, "f").encode("abcab") == Ids{4, 3});
  vocabulary.tokens.push_back("bc");
  vocabulary.merges = {{1, 2}, {0, 1}, {3, 2}};
  CHECK(Tokenizer(vocabulary, "f").encode("abcab") == Ids{0, 5, 3});  // abc is not found whole

  const Tokenizer runs({.tokens = {"a", "aa", "aaa"}, .merges = {{0, 0}, {1, 0}}, .added = {}},
                       "f");
  CHECK(runs.encode("aaa") == Ids{2});
  CHECK(runs.encode("aaaa") == Ids{1, 1});
  CHECK(runs.encode("aaaaa") == Ids{1, 2});
}

TEST_CASE("tokenizer: added tokens come first, the longest of them") {
  Vocabulary vocabulary = letters();
  vocabulary.tokens.insert(vocabulary.tokens.end(), {"bc", "bcab", "c"});
  vocabulary.added = {{.id = 5}, {.id = 6, .special = false}, {.id = 7, .special = false}};
  const Tokenizer tokenizer(vocabulary, "f");
  CHECK(tokenizer.encode("abcabc") == Ids{0, 6, 7});
  CHECK(tokenizer.encode("abcaab") == Ids{0, 5, 0, 3});
  // A special token that is plain text hides what is inside it, and other added tokens stay.
  CHECK(tokenizer.encode("abcaab", Specials::plain_text) == Ids{4, 0, 3});
  CHECK(tokenizer.encode("ac", Specials::plain_text) == Ids{0, 7});
}

TEST_CASE("tokenizer: any number of added tokens") {
  Vocabulary vocabulary = letters();
  std::string text;
  Ids want;
  for (std::int32_t id = 5; id < 30000; ++id) {
    // Those of 10 to 19 and so on begin with that of 1.
    const std::string token = fmt::format("<{}", id);
    vocabulary.tokens.push_back(token);
    vocabulary.added.push_back({.id = id, .special = id % 2 == 0});
    text += token + "abc";
    want.insert(want.end(), {id, 4});
  }
  CHECK(Tokenizer(vocabulary, "f").encode(text) == want);
}

TEST_CASE("tokenizer: a byte without a token, and an id without one") {
  const Tokenizer tokenizer(letters(), "f");
  CHECK_THROWS_WITH_AS(tokenizer.encode("abxc"), "tokenizer: there is no token for the byte 0x78",
                       Error);
  CHECK_THROWS_WITH_AS(tokenizer.decode(Ids{0, 5}), "tokenizer: got token 5, want 0 to 4", Error);
  CHECK_THROWS_WITH_AS(tokenizer.token(-1), "tokenizer: got token -1, want 0 to 4", Error);
  const Tokenizer neox = load_tokenizer(golden / "neox");
  CHECK_THROWS_WITH_AS(neox.encode("a\xFF"), "tokenizer: there is no token for the byte 0xFF",
                       Error);
}

TEST_CASE("tokenizer: a vocabulary that makes no sense is refused") {
  refuse({}, "f: there are 0 tokens, want 1 to 2147483646");
  refuse({.tokens = {"a", ""}, .merges = {}, .added = {}}, "f: token 1 is empty");
  refuse({.tokens = {"a", "b", "a"}, .merges = {}, .added = {}}, "f: tokens 0 and 2 are the same");
  refuse({.tokens = {"a", "\n"}, .merges = {{0, 1}}, .added = {}},
         "f: merge 1 makes \"aĊ\", which is no token");
  refuse({.tokens = {"a", "aa"}, .merges = {{0, 0}, {0, 0}}, .added = {}},
         "f: merges 1 and 2 are the same");
  refuse({.tokens = {"a", "b", "b"}, .merges = {}, .added = {{1}, {2}}},
         "f: added token 2 has the text of another");
}

TEST_CASE("tokenizer: a long word takes n log n") {
  const Tokenizer gpt2 = load_tokenizer(golden / "gpt2");
  std::string word;
  for (int i = 0; i < 300'000; ++i) word += "therin"[i * 7 % 6];
  const auto start = std::chrono::steady_clock::now();
  const Ids ids = gpt2.encode(word);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  CHECK(gpt2.decode(ids) == word);
  // 0.1 s by the queue; steps that each look at all tokens would take minutes.
  CHECK(seconds.count() < 20);
}

TEST_CASE("tokenizer: many threads may use one") {
  const Tokenizer gpt2 = load_tokenizer(golden / "gpt2");
  const std::string text = read_file(CAROUSEL_SOURCE_DIR "/HACKING.md");
  const Ids alone = gpt2.encode(text);
  std::vector<Ids> results(4);
  std::vector<std::thread> threads;
  for (Ids& result : results) {
    threads.emplace_back([&result, copy = gpt2, &text] { result = copy.encode(text); });
  }
  for (auto& thread : threads) thread.join();
  for (const Ids& result : results) CHECK(result == alone);
}

}  // namespace carousel
