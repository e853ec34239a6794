// DocumentStarts: where the documents in a piece of a corpus begin.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "data/byte_source.h"

namespace carousel {

// First tokens of documents as 32-bit little-endian numbers, rising from 0. Of them one in 256 is
// in memory, and the 256 that were looked at last: only one thread at a time may look.
class DocumentStarts {
 public:
  // Reads all. Throws Error, with the name, for numbers that do not rise from 0 or are not those of
  // so many tokens.
  DocumentStarts(std::string_view name, ByteSource numbers, std::int64_t tokens);

  // Those of a piece that is a single one.
  static DocumentStarts one_document();

  std::int64_t count() const { return count_; }
  // The first start after a token, or none.
  std::optional<std::int64_t> after(std::int64_t token) const;

 private:
  void load(std::int64_t block) const;

  ByteSource numbers_;
  std::int64_t count_;
  std::vector<std::uint32_t> firsts_;  // of every block of 256
  mutable std::int64_t loaded_ = -1;   // a block, and what is in it
  mutable std::vector<std::uint32_t> starts_;
};

}  // namespace carousel
