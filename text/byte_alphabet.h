// GPT-2's alphabet: a printable character for every byte, so that files can hold tokens as text.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace carousel {

// Printable characters of Latin-1 stand for themselves, the other 68 bytes are U+0100, U+0101, …:
// a space is Ġ, a line break Ċ.
std::string to_byte_alphabet(std::string_view bytes);

// The bytes again; none when a character of the text is not in the alphabet.
std::optional<std::string> from_byte_alphabet(std::string_view text);

// All bytes in the order of their characters.
std::array<char, 256> byte_alphabet_order();

}  // namespace carousel
