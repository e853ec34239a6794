#include "data/prepare.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "core/disk.h"
#include "core/file.h"
#include "core/parallel.h"
#include "data/prepared.h"
#include "tests/core/complaint.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/data/tiny_corpus.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

// Bytes, others until there are so many, and a special token at the end.
Tokenizer tokenizer_of(std::int32_t vocab_size) {
  Vocabulary vocabulary = Tokenizer::bytes().vocabulary();
  for (std::int32_t id = 256; id < vocab_size; ++id) {
    vocabulary.tokens.push_back(fmt::format("<|{}|>", id));
  }
  vocabulary.added.push_back({.id = vocab_size - 1});
  return Tokenizer(std::move(vocabulary), "test");
}

Ids ids_of(const std::string& text, std::optional<std::int32_t> separator = {}) {
  Ids ids = Tokenizer::bytes().encode(text);
  if (separator) ids.insert(ids.begin(), *separator);
  return ids;
}

std::vector<Ids> documents_in(const Corpus& corpus) {
  std::vector<Ids> documents;
  for (std::int64_t at = 0; at < corpus.size(); at = corpus.next_document(at)) {
    documents.push_back(read(corpus, at, corpus.next_document(at) - at));
  }
  return documents;
}

struct Scene {
  TemporaryDirectory directory;
  fs::path out = directory / "out";

  PrepareOptions options(const std::vector<fs::path>& inputs) const {
    return {.inputs = inputs, .out = out, .tokenizer = Tokenizer::bytes(), .separator = {}};
  }
  std::string refusal(const PrepareOptions& options) const {
    const std::string sentence = complaint(directory, [&] { prepare(options); });
    CHECK(!fs::exists(out));
    CHECK(!fs::exists(out.string() + ".part"));
    return sentence;
  }
};

std::vector<std::string> contents(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<std::string> result;
  for (const auto& file : files) result.push_back(file.filename().string() + read_file(file));
  return result;
}

// Documents of all lengths from 1 to n, as JSONL.
std::string many_lines(int n) {
  std::string text;
  for (int i = 1; i <= n; ++i) {
    text += fmt::format("{{\"id\": {}, \"text\": \"{}\"}}\n", i,
                        std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26)));
  }
  return text;
}

}  // namespace

TEST_CASE("prepare: files, directories and lines in their order, empty ones left out") {
  const Scene s;
  fs::create_directories(s.directory / "texts/b/deep");
  put(s.directory / "texts/b/deep/one", "one");
  put(s.directory / "texts/a.jsonl",
      "{\"text\": \"two\\n\"}\n  \n{\"text\": \"\", \"x\": 1}\n{\"text\": \"\\u00e9\"}\r\n");
  put(s.directory / "texts/c", "");
  put(s.directory / "texts/.hidden", "no");
  put(s.directory / "last", "three");
  const auto counts = prepare(s.options({s.directory / "texts", s.directory / "last"}));
  REQUIRE(counts);
  CHECK(counts->documents == 4);
  CHECK(counts->empty == 2);
  CHECK(counts->tokens == 4 + 2 + 3 + 5);
  CHECK(counts->bytes_read == counts->bytes);
  const PreparedData data = open_prepared(s.out);
  CHECK(data.validation.size() == 0);
  CHECK(data.training.has_bytes());
  CHECK(documents_in(data.training) ==
        std::vector<Ids>{ids_of("two\n"), ids_of("\xC3\xA9"), ids_of("one"), ids_of("three")});
  CHECK_NOTHROW(verify_prepared(s.out));
}

TEST_CASE("prepare: a separator begins each document, and its text inside one is text") {
  const Scene s;
  put(s.directory / "a", "x<|256|>");
  put(s.directory / "b", "y");
  PrepareOptions options = s.options({s.directory / "a", s.directory / "b"});
  options.tokenizer = tokenizer_of(257);
  options.separator = 256;
  prepare(options);
  const PreparedData data = open_prepared(s.out);
  CHECK(data.training.separator() == 256);
  CHECK(documents_in(data.training) == std::vector<Ids>{ids_of("x<|256|>", 256), ids_of("y", 256)});
}

TEST_CASE("prepare: ids have 16 bits up to 65,536 tokens, and 32 from there on") {
  for (const std::int32_t vocab_size : {65536, 65537}) {
    const Scene s;
    put(s.directory / "a", "x");
    PrepareOptions options = s.options({s.directory / "a"});
    options.tokenizer = tokenizer_of(vocab_size);
    options.separator = vocab_size - 1;
    prepare(options);
    const std::size_t width = vocab_size == 65536 ? 2 : 4;
    CHECK(fs::file_size(s.out / "training-00000.bin") == 1024 + 2 * width);
    CHECK(documents_in(open_prepared(s.out).training) ==
          std::vector<Ids>{ids_of("x", vocab_size - 1)});
  }
}

TEST_CASE("prepare: shards hold whole documents, and threads make no difference") {
  std::vector<std::vector<std::string>> made;
  std::vector<Ids> want;
  for (int i = 1; i <= 300; ++i) {
    want.push_back(
        ids_of(std::string(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26))));
  }
  const int before = threads();
  for (const int count : {1, 3}) {
    const Scene s;
    put(s.directory / "a.jsonl", many_lines(300));
    PrepareOptions options = s.options({s.directory / "a.jsonl"});
    options.shard_tokens = 5000;
    set_threads(count);
    prepare(options);
    made.push_back(contents(s.out));
    CHECK(fs::exists(s.out / "training-00008.bin"));
    CHECK(documents_in(open_prepared(s.out).training) == want);
  }
  set_threads(before);
  CHECK(made[0] == made[1]);
}

TEST_CASE("prepare: validation documents are chosen by seed, and each is in one split") {
  const Scene s;
  put(s.directory / "a.jsonl", many_lines(300));
  PrepareOptions options = s.options({s.directory / "a.jsonl"});
  options.val_fraction = 0.2;
  std::vector<std::vector<Ids>> chosen;
  for (const std::uint64_t seed : {1U, 1U, 2U}) {
    fs::remove_all(s.out);
    options.seed = seed;
    const auto counts = prepare(options);
    const PreparedData data = open_prepared(s.out);
    auto all = documents_in(data.training);
    chosen.push_back(documents_in(data.validation));
    CHECK(std::ssize(chosen.back()) == counts->validation_documents);
    CHECK(data.validation.size() == counts->validation_tokens);
    CHECK(data.training.size() == counts->tokens - counts->validation_tokens);
    // 60 expected; 4 standard deviations are 28.
    CHECK(chosen.back().size() > 32);
    CHECK(chosen.back().size() < 88);
    all.insert(all.end(), chosen.back().begin(), chosen.back().end());
    std::ranges::sort(all, {}, [](const Ids& ids) { return ids.size(); });
    for (std::size_t i = 0; i < 300; ++i) CHECK(all.at(i).size() == i + 1);
  }
  CHECK(chosen[0] == chosen[1]);
  CHECK(chosen[0] != chosen[2]);
}

TEST_CASE("prepare: what cannot be used is refused by file and line, and nothing is left") {
  const Scene s;
  const auto lines = [&](const std::string& text) {
    put(s.directory / "a.jsonl", text);
    return s.refusal(s.options({s.directory / "a.jsonl"}));
  };
  CHECK(lines("{\"text\": \"x\"}\n\n[1]\n") ==
        "a.jsonl: line 3: got [1], want an object with \"text\"");
  CHECK(lines("{\"content\": \"x\"}") ==
        "a.jsonl: line 1: got {\"content\":\"x\"}, want an object with \"text\"");
  CHECK(lines("{\"text\": \"x\"}\n{\"text\": 5}") ==
        "a.jsonl: line 2: \"text\" is 5, want a string");
  CHECK(lines("{\"text\": \"x\"}\n{\"text\": \"x}\n").starts_with("a.jsonl: line 2: "));
  CHECK(lines("{\"text\": \"\xFF\"}").starts_with("a.jsonl: line 1: "));
  CHECK(lines("{\"text\": \"x\"} {\"text\": \"y\"}").starts_with("a.jsonl: line 1: "));
  CHECK(lines("\n\n") == "there is no text in a.jsonl");
  CHECK(lines("") == "there is no text in a.jsonl");

  CHECK(s.refusal(s.options({s.directory / "no"})) == "cannot read no: No such file or directory");
  put(s.directory / "ids.bin", "12");
  CHECK(s.refusal(s.options({s.directory / "ids.bin"})) ==
        "ids.bin holds token ids, want text; training reads it as it is");
  fs::create_directory(s.directory / "none");
  CHECK(s.refusal(s.options({s.directory / "none"})) == "there is no file in none");
  put(s.directory / "x", "\xFFx");
  Vocabulary letters;
  letters.tokens = {"x"};
  PrepareOptions options = s.options({s.directory / "x"});
  options.tokenizer = Tokenizer(letters, "letters");
  CHECK(s.refusal(options).starts_with("x: "));
}

TEST_CASE("prepare: a split without a document is refused") {
  const Scene s;
  put(s.directory / "a", "x");
  PrepareOptions options = s.options({s.directory / "a"});
  options.val_fraction = 1e-9;
  CHECK(s.refusal(options) ==
        "a val-fraction of 1e-09 leaves none of 1 documents for validation; want more, or 0");
  options.val_fraction = 1 - 1e-9;
  CHECK(s.refusal(options) ==
        "a val-fraction of 0.999999999 leaves none of 1 documents for training; want less");
}

TEST_CASE("prepare: what stands there stays, and an empty directory is filled") {
  const Scene s;
  put(s.directory / "a", "x");
  fs::create_directory(s.out);
  PrepareOptions options = s.options({s.directory / "a"});
  options.out = s.out.string() + "/";
  CHECK(prepare(options));
  const auto before = contents(s.out);
  CHECK(complaint(s.directory, [&] { prepare(options); }) == "cannot make out: it exists already");
  CHECK(contents(s.out) == before);
  options.out = s.directory / "new/and/deep";
  CHECK(prepare(options));
  CHECK(contents(options.out) == before);
}

TEST_CASE("prepare: stopped, it leaves nothing") {
  const Scene s;
  put(s.directory / "a", "x");
  CHECK(!prepare(s.options({s.directory / "a"}), [](const PrepareCounts&) { return false; }));
  CHECK(s.directory.size() == 1);
}

TEST_CASE("prepare: whichever call of the disk fails, one sentence and nothing half-written") {
  const Scene s;
  put(s.directory / "a.jsonl", many_lines(50));
  PrepareOptions options = s.options({s.directory / "a.jsonl"});
  options.shard_tokens = 500;
  options.val_fraction = 0.3;
  int calls = 0;
  {
    const disk::FaultInjection counting([&](disk::Call) { return ++calls, 0; });
    prepare(options);
  }
  CHECK(calls > 40);
  const auto want = contents(s.out);
  const auto check_call = [&](int n, bool later_ones_too) {
    fs::remove_all(s.out);
    int call = 0;
    std::string sentence;
    {
      const disk::FaultInjection failing([&](disk::Call) {
        ++call;
        return call == n || (later_ones_too && call > n) ? ENOSPC : 0;
      });
      sentence = complaint(s.directory, [&] { prepare(options); });
    }
    INFO("call ", n, " of ", calls, ": ", sentence);
    CHECK(sentence.find("No space left on device") != std::string::npos);
    // After the rename it is complete, and only its name may not have reached the disk.
    if (fs::exists(s.out)) CHECK(contents(s.out) == want);
  };
  for (int n = 1; n <= calls; ++n) {
    check_call(n, false);
    check_call(n, true);
    // What could not be removed is in nobody's way.
    fs::remove_all(s.out);
    if (n % 10 == 0) CHECK(prepare(options));
    fs::remove_all(s.out.string() + ".part");
  }
}

}  // namespace carousel
