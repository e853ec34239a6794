#include "core/shape.h"

#include <algorithm>

#include "core/error.h"

namespace carousel {

Shape::Shape(std::span<const std::int64_t> sizes) {
  CAROUSEL_CHECK(sizes.size() <= max_rank, "Shape: got {} sizes, want at most {}", sizes.size(),
                 max_rank);
  // An empty array of any other sizes is fine, but the product of the non-zero ones must still fit.
  constexpr std::int64_t limit = std::int64_t{1} << 58;
  std::int64_t product = 1;
  bool empty = false;
  for (const std::int64_t size : sizes) {
    CAROUSEL_CHECK(size >= 0, "Shape: got [{}], want no negative size", fmt::join(sizes, ", "));
    empty = empty || size == 0;
    CAROUSEL_CHECK(size == 0 || product <= limit / size, "Shape: [{}] has too many elements",
                   fmt::join(sizes, ", "));
    product *= std::max<std::int64_t>(size, 1);
  }
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
  numel_ = empty ? 0 : product;
  rank_ = static_cast<int>(sizes.size());
}

int Shape::index(int axis) const {
  CAROUSEL_CHECK(axis >= -rank_ && axis < rank_, "Shape: axis got {}, want one of {}", axis, *this);
  return axis < 0 ? axis + rank_ : axis;
}

Shape Shape::with(int axis, std::int64_t size) const {
  auto sizes = sizes_;
  sizes[static_cast<std::size_t>(index(axis))] = size;
  return Shape(std::span<const std::int64_t>(sizes.data(), static_cast<std::size_t>(rank_)));
}

std::int64_t Shape::outer(int axis) const {
  std::int64_t product = 1;
  for (int a = 0; a < index(axis); ++a) product *= (*this)[a];
  return product;
}

std::int64_t Shape::inner(int axis) const {
  std::int64_t product = 1;
  for (int a = index(axis) + 1; a < rank_; ++a) product *= (*this)[a];
  return product;
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape.begin(), shape.end(), ", "));
}

}  // namespace carousel
