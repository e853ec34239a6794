// Byte-pair encoding: of a string's neighbouring tokens, the pair whose merge was learnt first
// becomes one token, again and again (Sennrich, Haddow, Birch 2016, algorithm 1).
#pragma once

#include <tsl/robin_map.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carousel {

struct Merge {
  std::int32_t left, right, result;
};

// Two ids as one number.
inline std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}

struct PairHash {
  std::size_t operator()(std::uint64_t key) const {
    key *= 0x9E3779B97F4A7C15;  // 2^64 / golden ratio
    return static_cast<std::size_t>(key ^ key >> 32);
  }
};

class Bpe {
 public:
  // bytes[b]: the token of byte b, or −1. merges: first learnt first. Throws Error, which calls
  // them by their origin, when one is there twice.
  Bpe(const std::array<std::int32_t, 256>& bytes, std::vector<Merge> merges,
      std::string_view origin);

  // Memory for encode(), worth keeping from call to call.
  struct Workspace {
    std::vector<std::int32_t> ids;            // by position; −1 where a token was merged away
    std::vector<std::uint32_t> before, next;  // positions of the neighbours
    std::vector<std::uint64_t> queue;         // rank · 2^32 + position of the left token
  };

  // Appends the tokens of a piece, in O(n log n). Throws Error for a byte without a token.
  void encode(std::string_view piece, Workspace& workspace, std::vector<std::int32_t>& out) const;

  const std::vector<Merge>& merges() const { return merges_; }

  // Whether every byte has a token.
  bool knows(std::string_view piece) const;
  // Throws Error when the byte has none.
  std::int32_t token_of(char byte) const;

 private:
  void push(Workspace& workspace, std::uint32_t left) const;
  void merge_all(Workspace& workspace) const;

  std::array<std::int32_t, 256> bytes_;
  std::vector<Merge> merges_;
  tsl::robin_map<std::uint64_t, std::uint32_t, PairHash> ranks_;  // pair → index in merges_
};

}  // namespace carousel
