#include "text/tokenizer_files.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/complaint.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/core/temporary_directory.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

const fs::path golden = CAROUSEL_SOURCE_DIR "/tests/golden/tokenizers";

}  // namespace

TEST_CASE("tokenizer files: GPT-2's two files, by directory, by name and by a longer name") {
  const TemporaryDirectory directory;
  fs::copy_file(golden / "gpt2/vocab.json", directory / "my-vocab.json");
  fs::copy_file(golden / "gpt2/merges.txt", directory / "my-merges.txt");
  for (const fs::path& path :
       {golden / "gpt2", golden / "gpt2/vocab.json", directory / "my-vocab.json"}) {
    INFO(path.string());
    const Tokenizer tokenizer = load_tokenizer(path);
    CHECK(tokenizer.vocab_size() == 420);
    CHECK(tokenizer.vocabulary().merges.size() == 163);
    REQUIRE(tokenizer.vocabulary().added.size() == 1);
    CHECK(tokenizer.token(tokenizer.vocabulary().added[0].id) == "<|endoftext|>");
    CHECK(tokenizer.vocabulary().added[0].special);
  }
}

TEST_CASE("tokenizer files: what is saved is loaded") {
  const TemporaryDirectory directory;
  const std::string text = "cafe\u0301 <|endoftext|>    the river, the children";
  for (const char* const name : {"gpt2", "neox"}) {
    const Tokenizer tokenizer = load_tokenizer(golden / name);
    save_tokenizer(directory / name, tokenizer);
    const Tokenizer again = load_tokenizer(directory / name);
    CHECK(again.encode(text) == tokenizer.encode(text));
    CHECK(load_tokenizer(directory / name / "tokenizer.json").vocab_size() ==
          tokenizer.vocab_size());
  }
  save_tokenizer(directory / "bytes", Tokenizer::bytes());
  CHECK(load_tokenizer(directory / "bytes").is_bytes());
}

TEST_CASE("tokenizer files: what is missing or broken is named with its place") {
  const TemporaryDirectory directory;
  const auto says = [&](const char* path, const std::string& sentence) {
    CHECK(complaint(directory, [&] { load_tokenizer(directory / path); }) == sentence);
  };
  says("nowhere", "cannot read nowhere: No such file or directory");
  fs::create_directory(directory / "d");
  says("d", "d: there is neither a tokenizer.json nor a vocab.json");
  put(directory / "d/vocab.json", R"({"a": 0, "b": 1, "ab": 2, "<end>": 3})");
  says("d", "cannot read d/merges.txt: No such file or directory");
  const auto merges_say = [&](std::string_view merges, const std::string& sentence) {
    put(directory / "d/merges.txt", merges);
    says("d", sentence);
  };
  merges_say("", "nothing");
  merges_say("#version: 0.2\na b\n", "nothing");
  merges_say("a b\r\n", "nothing");
  merges_say("a b\n\n", "d/merges.txt: line 2 got \"\", want two tokens with a space between them");
  merges_say("a b\n#version",
             "d/merges.txt: line 2 got \"#version\", want two tokens with a space "
             "between them");
  merges_say("a  b",
             "d/merges.txt: line 1 got \"a  b\", want two tokens with a space between them");
  merges_say("a b\na c\n", "d/merges.txt: line 2: \"c\" is no token of d/vocab.json");
  merges_say("b a\n", "d/vocab.json: merge 1 makes \"ba\", which is no token");
  merges_say("a b\na b\n", "d/vocab.json: merges 1 and 2 are the same");
  merges_say("a b \xFF\n",
             "d/merges.txt: line 1 got \"a b \uFFFD\", want two tokens with a space "
             "between them");

  put(directory / "d/merges.txt", "");
  const auto vocab_says = [&](std::string_view vocab, const std::string& sentence) {
    put(directory / "d/vocab.json", vocab);
    says("d", sentence);
  };
  vocab_says("", "cannot read d/vocab.json: the file is empty");
  vocab_says("[1]", "d/vocab.json got [1], want an object of ids by token");
  vocab_says("{}", "d/vocab.json: there are 0 tokens, want 1 to 2147483646");
  vocab_says(R"({"a": 1})", "d/vocab.json: \"a\" has id 1, want ids below 1, the number of tokens");
  vocab_says(R"({"a": 0, "a": 1})", "d/vocab.json: duplicate key \"a\"");
  vocab_says(R"({"a": true})", "d/vocab.json: \"a\" got true, want an id, 0 or above");
  vocab_says(R"({"": 0})", "d/vocab.json: the token is empty");
}

}  // namespace carousel
