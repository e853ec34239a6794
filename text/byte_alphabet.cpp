#include "text/byte_alphabet.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace carousel {

namespace {

using Code = utf8proc_int32_t;

constexpr bool stands_for_itself(Code byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
}

// The character of each byte.
constexpr std::array<Code, 256> make_alphabet() {
  std::array<Code, 256> alphabet{};
  Code next = 0x100;
  for (Code byte = 0; byte < 256; ++byte) {
    alphabet[static_cast<std::size_t>(byte)] = stands_for_itself(byte) ? byte : next++;
  }
  return alphabet;
}

constexpr std::array<Code, 256> alphabet = make_alphabet();

// The byte of each character, or −1.
constexpr std::array<int, 0x144> make_inverse() {
  std::array<int, 0x144> bytes{};
  for (int& byte : bytes) byte = -1;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    bytes[static_cast<std::size_t>(alphabet[byte])] = static_cast<int>(byte);
  }
  return bytes;
}

constexpr std::array<int, 0x144> inverse = make_inverse();

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    utf8proc_uint8_t character[4];
    const auto size = utf8proc_encode_char(alphabet[static_cast<unsigned char>(c)], character);
    text.append(reinterpret_cast<const char*>(character), static_cast<std::size_t>(size));
  }
  return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    Code code = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &code);
    if (size <= 0 || static_cast<std::size_t>(code) >= inverse.size()) return std::nullopt;
    const int byte = inverse[static_cast<std::size_t>(code)];
    if (byte < 0) return std::nullopt;
    bytes += static_cast<char>(byte);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return bytes;
}

std::array<char, 256> byte_alphabet_order() {
  std::array<char, 256> bytes;
  std::iota(bytes.begin(), bytes.end(), '\0');
  std::sort(bytes.begin(), bytes.end(), [](char a, char b) {
    return alphabet[static_cast<unsigned char>(a)] < alphabet[static_cast<unsigned char>(b)];
  });
  return bytes;
}

}  // namespace carousel
