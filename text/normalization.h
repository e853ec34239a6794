// Unicode normalisation form C: characters composed as far as they go (Unicode annex 15).
#pragma once

#include <string>
#include <string_view>

namespace carousel {

// The text in form C. Bytes that are not UTF-8 stay as they are, and nothing composes across them.
std::string nfc(std::string_view text);

}  // namespace carousel
