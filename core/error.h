// Errors: one sentence that names the culprit, thrown as carousel::Error.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace carousel {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {
// Out of line: the formatting code would otherwise be compiled again into every op.
[[noreturn]] void fail(fmt::string_view sentence, fmt::format_args args);
}  // namespace detail

// Throws Error with the formatted sentence: "what: argument got …, want …".
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> sentence, Args&&... args) {
  detail::fail(sentence, fmt::make_format_args(args...));
}

}  // namespace carousel

// Throws carousel::Error with the formatted sentence unless the condition holds.
#define CAROUSEL_CHECK(condition, ...) \
  do {                                 \
    if (!(condition)) [[unlikely]]     \
      ::carousel::fail(__VA_ARGS__);   \
  } while (false)
