// UTF-8 in bytes that may be anything.
#pragma once

#include <cstddef>
#include <string_view>

namespace carousel {

// The length of the longest front of the text that is well-formed UTF-8 (Unicode, table 3-7).
std::size_t valid_utf8(std::string_view text);

// How many bytes at the front are part of no character: up to the next whole one, or the end.
std::size_t invalid_utf8(std::string_view text);

// How many bytes at the end, up to 3, are the start of a character that more bytes would complete.
std::size_t unfinished_utf8(std::string_view text);

}  // namespace carousel
