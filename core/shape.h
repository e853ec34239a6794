// Shape: the sizes of a contiguous row-major array, outermost first.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace carousel {

class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;  // rank 0: a scalar, one element

  // Throws Error on more than max_rank sizes, a negative size, or a product above 2^58: more
  // elements than any memory has bytes, yet few enough for their bytes to be counted.
  Shape(std::initializer_list<std::int64_t> sizes)
      : Shape(std::span(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const std::int64_t> sizes);

  int rank() const { return rank_; }
  std::int64_t numel() const { return numel_; }

  // Size along an axis; negative axes count from the end. Throws Error outside [-rank, rank).
  std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(index(axis))]; }

  // The axis as a number in [0, rank). Throws Error outside [-rank, rank).
  int index(int axis) const;

  // The same shape with another size along one axis.
  Shape with(int axis, std::int64_t size) const;

  // Products of the sizes before and after an axis: (outer, size, inner) is the array seen from it.
  std::int64_t outer(int axis) const;
  std::int64_t inner(int axis) const;

  const std::int64_t* begin() const { return sizes_.data(); }
  const std::int64_t* end() const { return sizes_.data() + rank_; }

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<std::int64_t, max_rank> sizes_{};
  std::int64_t numel_ = 1;
  int rank_ = 0;
};

// "[2, 3]"
std::string to_string(const Shape& shape);

}  // namespace carousel

template <>
struct fmt::formatter<carousel::Shape> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  auto format(const carousel::Shape& shape, format_context& context) const {
    const std::string text = carousel::to_string(shape);
    return std::copy(text.begin(), text.end(), context.out());
  }
};
