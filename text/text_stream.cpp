#include "text/text_stream.h"

#include <utility>

#include "text/utf8.h"

namespace carousel {

std::string TextStream::add(std::string_view bytes) {
  std::string text = std::exchange(held_, {});
  text += bytes;
  const std::size_t shown = text.size() - unfinished_utf8(text);
  held_ = text.substr(shown);
  text.resize(shown);
  return text;
}

std::string TextStream::finish() { return std::exchange(held_, {}); }

}  // namespace carousel
