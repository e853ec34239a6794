// TextStream: bytes that come piece by piece, in whole characters.
#pragma once

#include <string>
#include <string_view>

namespace carousel {

class TextStream {
 public:
  // What can be shown once these bytes have come: all but the start of a character whose rest is
  // still to come. Bytes that cannot become one are passed on as they are.
  std::string add(std::string_view bytes);

  // What is left at the end.
  std::string finish();

 private:
  std::string held_;
};

}  // namespace carousel
