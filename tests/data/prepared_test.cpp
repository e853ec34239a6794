// Prepared directories that are not what they were.

#include "data/prepared.h"

#include <doctest/doctest.h>

#include "core/file.h"
#include "data/batches.h"
#include "data/prepare.h"
#include "tests/core/complaint.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/data/tiny_corpus.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

struct Scene {
  TemporaryDirectory directory;
  fs::path data = directory / "data";
  fs::path ids = data / "training-00000.bin", starts = data / "training-00000.starts";

  Scene() {
    put(directory / "a.jsonl", "{\"text\": \"abc\"}\n{\"text\": \"defgh\"}\n{\"text\": \"i\"}\n");
    prepare({.inputs = {directory / "a.jsonl"},
             .out = data,
             .tokenizer = Tokenizer::bytes(),
             .separator = {}});
  }
  std::string opening() const {
    return complaint(directory, [&] { open_prepared(data); });
  }
  std::string verifying() const {
    return complaint(directory, [&] { verify_prepared(data); });
  }
};

}  // namespace

TEST_CASE("prepared data: one flipped bit anywhere is found and named") {
  const Scene s;
  REQUIRE(s.verifying() == "nothing");
  for (const auto& entry : fs::directory_iterator(s.data)) {
    const std::string whole = read_file(entry.path());
    const std::string name = entry.path().filename().string();
    // The tokenizer is long, and parsing it takes time.
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 200);
    for (std::size_t at = 0; at < whole.size(); at += step) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
      put(entry.path(), damaged);
      INFO(name, " at byte ", at);
      const std::string found = s.verifying();
      CHECK(found != "nothing");
      if (name != "checksums") CHECK(found.find(name) != std::string::npos);
      if (name != "checksums" && entry.path() != s.ids) CHECK(s.opening() != "nothing");
    }
    put(entry.path(), whole);
  }
  CHECK(s.verifying() == "nothing");
}

TEST_CASE("prepared data: truncated, missing and empty files are named when it is opened") {
  const Scene s;
  for (const auto& entry : fs::directory_iterator(s.data)) {
    const std::string whole = read_file(entry.path());
    const std::string name = entry.path().filename().string();
    for (const std::size_t size : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
      put(entry.path(), whole.substr(0, size));
      INFO(name, " of ", size, " bytes");
      CHECK(s.opening().find(name) != std::string::npos);
    }
    fs::remove(entry.path());
    CHECK(s.opening().find(name == "index.json" ? "index.json" : name) != std::string::npos);
    put(entry.path(), whole);
  }
  CHECK(complaint(s.directory, [&] {
          open_prepared(s.directory.path());
        }).ends_with("is a directory without prepared data: there is no index.json"));
}

TEST_CASE("prepared data: an id that nobody has is found when it is read, at the latest") {
  const Scene s;
  std::string bytes = read_file(s.ids);
  bytes[1024 + 2 * 4 + 1] = 1;  // token 4 is 256 more
  put(s.ids, bytes);
  const PreparedData data = open_prepared(s.data);
  CHECK_NOTHROW(read(data.training, 0, 4));
  const std::string sentence =
      "data/training-00000.bin: token 357 at byte 1032 is outside the vocabulary of 256";
  CHECK(complaint(s.directory, [&] { read(data.training, 0, 5); }) == sentence);
  const Batches batches(all_of(data.training), Order::sequential, {1, 3}, 1);
  CHECK(complaint(s.directory, [&] { batches(1); }) == sentence);
}

TEST_CASE("prepared data: shards are llm.c's, and starts are numbers") {
  const Scene s;
  CHECK(fs::file_size(s.ids) == 1024 + 9 * 2);
  const std::string head = read_file(s.ids).substr(0, 12);
  CHECK(head == raw({std::uint32_t{20240520}, std::uint32_t{1}, std::uint32_t{9}}));
  CHECK(read_file(s.starts) == raw({std::uint32_t{0}, std::uint32_t{3}, std::uint32_t{8}}));
}

TEST_CASE("prepared data: the checksum says whether it is the same") {
  const Scene one, same;
  CHECK(open_prepared(one.data).training.checksum() ==
        open_prepared(same.data).training.checksum());
  fs::remove_all(same.data);
  put(same.directory / "b", "x");
  prepare({.inputs = {same.directory / "b"},
           .out = same.data,
           .tokenizer = Tokenizer::bytes(),
           .separator = {}});
  CHECK(open_prepared(one.data).training.checksum() !=
        open_prepared(same.data).training.checksum());
}

}  // namespace carousel
