// TokenView: token ids as they lie in memory or in a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/byte_source.h"

namespace carousel {

// Bytes that an id takes; little-endian.
enum class TokenWidth { one = 1, two = 2, four = 4 };

// The narrower of two and four that holds every id below vocab_size.
TokenWidth width_for(std::int64_t vocab_size);

class TokenView {
 public:
  // header: bytes before the first id. name: what messages call it, a path. Throws Error when the
  // bytes end inside an id.
  TokenView(std::string name, ByteSource bytes, TokenWidth width, std::int64_t header = 0);

  const std::string& name() const { return name_; }
  std::int64_t size() const { return size_; }
  std::int64_t possible_ids() const { return std::int64_t{1} << 8 * static_cast<int>(width_); }

  // Ids begin, begin + 1, …, as many as out has. Throws Error with name and place for one that is
  // not below vocab_size, and when the file cannot be read.
  void read(std::int64_t begin, std::span<std::int32_t> out, std::int64_t vocab_size) const;

 private:
  std::string name_;
  ByteSource bytes_;
  TokenWidth width_;
  std::int64_t header_, size_;
};

}  // namespace carousel
