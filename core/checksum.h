// Checksum: XXH3 of 128 bits, by the library xxHash. A damaged file goes unnoticed once in 2^128,
// and it is computed about as fast as memory is read, which CRCs and cryptographic hashes are not.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace carousel {

class Checksum {
 public:
  Checksum();
  ~Checksum();

  void add(std::span<const std::byte> bytes);
  // Of all bytes added: 32 hexadecimal digits, as the command xxh128sum prints them.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace carousel
