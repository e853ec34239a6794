#include "core/shape.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"

namespace carousel {

TEST_CASE("a shape knows its sizes from both ends") {
  const Shape shape{2, 3, 5};
  CHECK(shape.rank() == 3);
  CHECK(shape.numel() == 30);
  CHECK(shape[0] == 2);
  CHECK(shape[-1] == 5);
  CHECK(shape.outer(1) == 2);
  CHECK(shape.inner(1) == 5);
  CHECK(shape.with(-2, 7) == Shape{2, 7, 5});
  CHECK(fmt::format("{}", shape) == "[2, 3, 5]");
}

TEST_CASE("a scalar has no axes and one element") {
  CHECK(Shape{}.rank() == 0);
  CHECK(Shape{}.numel() == 1);
  CHECK(fmt::format("{}", Shape{}) == "[]");
  CHECK(Shape{3, 0}.numel() == 0);
}

TEST_CASE("impossible shapes are refused") {
  CHECK_THROWS_WITH((Shape{2, -1}), "Shape: got [2, -1], want no negative size");
  CHECK_THROWS_WITH((Shape{1, 1, 1, 1, 1, 1, 1}), "Shape: got 7 sizes, want at most 6");
  CHECK_THROWS_WITH((Shape{std::int64_t{1} << 40, std::int64_t{1} << 40}),
                    "Shape: [1099511627776, 1099511627776] has too many elements");
  CHECK_THROWS_AS((Shape{0, std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
  CHECK_NOTHROW(Shape{std::int64_t{1} << 58});
  CHECK_THROWS_AS((Shape{(std::int64_t{1} << 58) + 1}), Error);
  CHECK_THROWS_AS((Shape{std::numeric_limits<std::int64_t>::max(), 2}), Error);
  CHECK_THROWS_AS((Shape{2, 3}.with(0, -1)), Error);
  CHECK_THROWS_WITH((Shape{2, 3}[2]), "Shape: axis got 2, want one of [2, 3]");
  CHECK_THROWS_WITH((Shape{2, 3}[-3]), "Shape: axis got -3, want one of [2, 3]");
}

}  // namespace carousel
