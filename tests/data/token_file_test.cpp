#include "data/token_file.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/data/tiny_corpus.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace {

TokenView parse(const std::string& bytes) {
  return parse_token_file("it", ByteSource::memory(bytes));
}

Ids ids_of(const std::string& bytes) {
  const TokenView tokens = parse(bytes);
  Ids ids(static_cast<std::size_t>(tokens.size()));
  tokens.read(0, ids, std::int64_t{1} << 31);
  return ids;
}

// llm.c's header: 256 numbers of 32 bits, the first three given.
std::string header(std::uint32_t magic, std::uint32_t version, std::uint32_t tokens) {
  return raw({magic, version, tokens}) + std::string(253 * 4, '\0');
}

}  // namespace

TEST_CASE("token files: nanoGPT's are 16-bit ids and nothing else") {
  CHECK(ids_of(as_ids({0, 1, 50256, 65535})) == Ids{0, 1, 50256, 65535});
  CHECK(ids_of(as_ids({7})) == Ids{7});
  CHECK_THROWS_WITH_AS(parse("abc"), "it: there are 3 bytes of token ids, want a multiple of 2",
                       Error);
  CHECK_THROWS_WITH_AS(parse(""), "it: there is no token in it", Error);
}

TEST_CASE("token files: llm.c's have a header, and 16 or 32 bits per id") {
  CHECK(ids_of(header(20240520, 1, 2) + as_ids({5, 50256})) == Ids{5, 50256});
  CHECK(ids_of(header(20240801, 7, 2) + raw({std::uint32_t{5}, std::uint32_t{128255}})) ==
        Ids{5, 128255});
  CHECK(token_file_header(TokenWidth::two, 3) == header(20240520, 1, 3));
  CHECK(token_file_header(TokenWidth::four, 3) == header(20240801, 7, 3));
}

TEST_CASE("token files: damaged ones of llm.c are refused in a sentence") {
  const std::string whole = header(20240520, 1, 2) + as_ids({5, 6});
  CHECK_THROWS_WITH_AS(parse(whole.substr(0, 100)),
                       "it: the file ends inside its header of 1024 bytes", Error);
  CHECK_THROWS_WITH_AS(parse(whole.substr(0, whole.size() - 1)),
                       "it: the header promises 2 tokens of 2 bytes, but 3 bytes follow it", Error);
  CHECK_THROWS_WITH_AS(parse(whole + "x"),
                       "it: the header promises 2 tokens of 2 bytes, but 5 bytes follow it", Error);
  CHECK_THROWS_WITH_AS(parse(header(20240520, 2, 0)),
                       "it: got version 2 of llm.c's format 20240520, want 1", Error);
  CHECK_THROWS_WITH_AS(parse(header(20240801, 1, 0)),
                       "it: got version 1 of llm.c's format 20240801, want 7", Error);
  CHECK_THROWS_WITH_AS(parse(header(20240520, 1, 0)), "it: there is no token in it", Error);
  CHECK_THROWS_WITH_AS(parse(header(20240522, 1, 0)),
                       "it: this is llm.c's evaluation data, not text", Error);
  // 2^31 tokens or more, as a file that another program wrote with an overflow might claim.
  CHECK_THROWS_AS(parse(header(20240801, 7, 0xFFFFFFFF) + as_ids({1, 2})), Error);
}

TEST_CASE("token files: ids that no vocabulary has are refused where they are read") {
  const std::string bytes = header(20240801, 7, 2) + raw({std::uint32_t{5}, 0xFFFFFFFF});
  const TokenView tokens = parse(bytes);
  Ids ids(2);
  CHECK_NOTHROW(tokens.read(0, std::span(ids).first(1), 6));
  CHECK_THROWS_WITH_AS(tokens.read(0, ids, std::int64_t{1} << 31),
                       "it: token 4294967295 at byte 1028 is outside the vocabulary of 2147483648",
                       Error);
}

}  // namespace carousel
