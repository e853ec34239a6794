#include "data/corpus.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "data/corpus_files.h"
#include "data/token_file.h"
#include "tests/core/complaint.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/data/tiny_corpus.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace fs = std::filesystem;

TEST_CASE("corpus: the bytes of files one after the other, each a document") {
  const TemporaryDirectory directory;
  put(directory / "a", "ab");
  put(directory / "b", "c");
  put(directory / "c", "d\xFF");
  const Corpus corpus =
      open_files({directory / "a", directory / "b", directory / "c"}, Tokenizer::bytes());
  CHECK(corpus.size() == 5);
  CHECK(corpus.has_bytes());
  CHECK(read(corpus, 0, 5) == Ids{'a', 'b', 'c', 'd', 255});
  CHECK(read(corpus, 1, 3) == Ids{'b', 'c', 'd'});
  CHECK(read(corpus, 2, 1) == Ids{'c'});
  CHECK(corpus.has_documents());
  Ids starts;
  for (std::int64_t at = -1; at < 5; ++at) {
    starts.push_back(static_cast<std::int32_t>(corpus.next_document(at)));
  }
  CHECK(starts == Ids{0, 2, 2, 3, 5, 5});
}

TEST_CASE("corpus: little-endian 16-bit ids of .bin files") {
  const TemporaryDirectory directory;
  put(directory / "a.bin", as_ids({1, 50256}));
  put(directory / "b.bin", as_ids({65535}));
  Corpus corpus = open_files({directory / "a.bin", directory / "b.bin"}, {});
  CHECK(!corpus.has_bytes());
  CHECK(!corpus.has_documents());
  CHECK(corpus.next_document(0) == 3);
  CHECK(read(corpus, 0, 3) == Ids{1, 50256, 65535});
  CHECK_NOTHROW(corpus.check_vocabulary(65536));
  CHECK(complaint(directory, [&] { corpus.check_vocabulary(65535); }) ==
        "b.bin: token 65535 at byte 0 is outside the vocabulary of 65535");
  CHECK(complaint(directory, [&] { corpus.check_vocabulary(50256); }) ==
        "a.bin: token 50256 at byte 2 is outside the vocabulary of 50256");
}

TEST_CASE("corpus: shards of llm.c, of 16 and of 32 bits") {
  const TemporaryDirectory directory;
  put(directory / "a.bin", token_file_header(TokenWidth::two, 2) + as_ids({1, 50256}));
  put(directory / "b.bin", token_file_header(TokenWidth::four, 1) + raw({std::uint32_t{128255}}));
  const Corpus corpus = open_files({directory / "a.bin", directory / "b.bin"}, {});
  CHECK(read(corpus, 0, 3) == Ids{1, 50256, 128255});
  CHECK(!corpus.has_documents());
  fs::resize_file(directory / "b.bin", 1026);
  CHECK(complaint(directory, [&] { open_files({directory / "b.bin"}, {}); }) ==
        "b.bin: the header promises 1 tokens of 4 bytes, but 2 bytes follow it");
}

TEST_CASE("corpus: a file that shrinks while it is read is an error") {
  const TemporaryDirectory directory;
  put(directory / "a", "0123456789");
  const Corpus corpus = open_files({directory / "a"}, Tokenizer::bytes());
  fs::resize_file(directory / "a", 4);
  CHECK(read(corpus, 0, 4) == Ids{'0', '1', '2', '3'});
  CHECK(complaint(directory, [&] { read(corpus, 2, 3); }) ==
        "a ends at byte 4, but had 10 bytes when it was opened");
}

TEST_CASE("corpus: the checksum is of the tokens, not of how they lie in files") {
  const TemporaryDirectory directory;
  put(directory / "a.bin", as_ids({1, 2}));
  put(directory / "b.bin", as_ids({3}));
  put(directory / "c.bin", as_ids({1, 2, 3}));
  const auto sum = [&](const std::vector<std::filesystem::path>& files) {
    return open_files(files, {}).checksum();
  };
  CHECK(sum({directory / "a.bin", directory / "b.bin"}) == sum({directory / "c.bin"}));
  CHECK(sum({directory / "b.bin", directory / "a.bin"}) != sum({directory / "c.bin"}));
  CHECK(sum({directory / "c.bin"}) == corpus_of({{1, 2, 3}}).checksum());
}

TEST_CASE("corpus: reading outside of it is refused") {
  const Corpus corpus = counting_corpus(3);
  CHECK_THROWS_AS(read(corpus, 1, 3), Error);
  CHECK_THROWS_AS(read(corpus, -1, 1), Error);
  CHECK_THROWS_AS(read(corpus, 4, 0), Error);
  CHECK(read(corpus, 3, 0).empty());
}

TEST_CASE("split: the tail is for validation, anywhere or between documents") {
  const Corpus corpus = corpus_of({Ids(9), Ids(8), Ids(2)});
  const auto sizes = [&](double fraction, Cut cut) {
    const auto [training, validation] = split(corpus, fraction, cut);
    CHECK(training.end == validation.begin);
    CHECK(validation.end == 19);
    return std::pair(training.size(), validation.size());
  };
  using Sizes = std::pair<std::int64_t, std::int64_t>;
  CHECK(sizes(0, Cut::anywhere) == Sizes(19, 0));
  CHECK(sizes(0.1, Cut::anywhere) == Sizes(18, 1));
  CHECK(sizes(0.5, Cut::anywhere) == Sizes(10, 9));
  CHECK(sizes(0, Cut::between_documents) == Sizes(19, 0));
  CHECK(sizes(0.1, Cut::between_documents) == Sizes(19, 0));
  CHECK(sizes(0.11, Cut::between_documents) == Sizes(17, 2));
  CHECK(sizes(0.5, Cut::between_documents) == Sizes(17, 2));
  CHECK(sizes(0.6, Cut::between_documents) == Sizes(9, 10));
}

}  // namespace carousel
