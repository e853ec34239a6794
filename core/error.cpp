#include "core/error.h"

namespace carousel::detail {

void fail(fmt::string_view sentence, fmt::format_args args) {
  throw Error(fmt::vformat(sentence, args));
}

}  // namespace carousel::detail
