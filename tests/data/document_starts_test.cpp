#include "data/document_starts.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"

namespace carousel {

namespace {

using Numbers = std::vector<std::uint32_t>;

DocumentStarts starts_of(Numbers numbers, std::int64_t tokens) {
  return DocumentStarts("it", ByteSource::memory(std::move(numbers)), tokens);
}

}  // namespace

TEST_CASE("document starts: the next after any token, within blocks of 256 and across them") {
  for (const std::uint32_t count : {1U, 2U, 255U, 256U, 257U, 1000U}) {
    Numbers numbers;
    for (std::uint32_t i = 0; i < count; ++i) numbers.push_back(i + i / 3 * 5);
    const std::int64_t tokens = numbers.back() + 4;
    const DocumentStarts starts = starts_of(numbers, tokens);
    CHECK(starts.count() == count);
    const auto right = [&](std::int64_t token) {
      const auto next = std::ranges::upper_bound(numbers, token);
      const auto got = starts.after(token);
      return next == numbers.end() ? !got : got == std::optional<std::int64_t>(*next);
    };
    bool all = true;
    for (std::int64_t token = -1; token < tokens; ++token) all = all && right(token);
    for (std::int64_t i = 0; i < tokens; ++i) all = all && right(i * 7919 % tokens);
    CHECK(all);
  }
}

TEST_CASE("document starts: those that make no sense are refused") {
  CHECK_NOTHROW(starts_of({0, 2}, 3));
  CHECK_THROWS_WITH_AS(starts_of({1, 2}, 3), "it: document 1 starts at token 1, want 0", Error);
  CHECK_THROWS_WITH_AS(starts_of({0, 2, 2}, 3),
                       "it: document 3 starts at token 2, and the one before it at 2", Error);
  CHECK_THROWS_WITH_AS(starts_of({0, 3}, 3), "it: document 2 starts at token 3, but there are 3",
                       Error);
  CHECK_THROWS_WITH_AS(DocumentStarts("it", ByteSource::memory(std::string("12345")), 3),
                       "it: there are 5 bytes of document starts, want a multiple of 4", Error);
  // The first of the second block.
  Numbers numbers(257);
  for (std::uint32_t i = 0; i < 256; ++i) numbers[i] = i;
  numbers[256] = 255;
  CHECK_THROWS_WITH_AS(starts_of(numbers, 300),
                       "it: document 257 starts at token 255, and the one before it at 255", Error);
}

}  // namespace carousel
