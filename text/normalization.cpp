#include "text/normalization.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "core/error.h"
#include "text/utf8.h"

namespace carousel {

namespace {

struct Free {
  void operator()(utf8proc_uint8_t* memory) const { std::free(memory); }
};

void append_nfc(std::string_view valid, std::string& out) {
  utf8proc_uint8_t* memory = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(valid.data()),
                   static_cast<utf8proc_ssize_t>(valid.size()), &memory,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(memory);
  CAROUSEL_CHECK(size >= 0, "cannot normalise a text of {} bytes: {}", valid.size(),
                 utf8proc_errmsg(size));
  out.append(reinterpret_cast<const char*>(memory), static_cast<std::size_t>(size));
}

}  // namespace

std::string nfc(std::string_view text) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t valid = valid_utf8(text);
    append_nfc(text.substr(0, valid), out);
    text.remove_prefix(valid);
    const std::size_t invalid = invalid_utf8(text);
    out.append(text.substr(0, invalid));
    text.remove_prefix(invalid);
  }
  return out;
}

}  // namespace carousel
