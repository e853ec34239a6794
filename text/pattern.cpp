#include "text/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/error.h"

namespace carousel {

namespace {

PCRE2_SPTR as_units(std::string_view text) {
  return reinterpret_cast<PCRE2_SPTR>(text.empty() ? "" : text.data());
}

std::string message(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

pcre2_code* as_code(void* code) { return static_cast<pcre2_code*>(code); }
pcre2_match_data* as_match_data(void* data) { return static_cast<pcre2_match_data*>(data); }

}  // namespace

void Pattern::Free::operator()(void* code) const { pcre2_code_free(as_code(code)); }
void Pattern::Search::Free::operator()(void* data) const {
  pcre2_match_data_free(as_match_data(data));
}

Pattern::Pattern(std::string_view expression, Subject subject, std::string_view name) {
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::uint32_t options = subject == Subject::utf8 ? PCRE2_UTF | PCRE2_UCP : 0;
  code_.reset(
      pcre2_compile(as_units(expression), expression.size(), options, &error, &at, nullptr));
  CAROUSEL_CHECK(code_ != nullptr, "{}: {} at byte {}", name, message(error), at);
  has_machine_code_ = pcre2_jit_compile(as_code(code_.get()), PCRE2_JIT_COMPLETE) == 0;
}

Pattern::Search::Search(const Pattern& pattern, std::string_view text)
    : pattern_(pattern), text_(text), match_data_(pcre2_match_data_create(1, nullptr)) {
  if (match_data_ == nullptr) throw std::bad_alloc();
}

std::optional<Pattern::Match> Pattern::Search::next() {
  pcre2_match_data* const data = as_match_data(match_data_.get());
  const auto match = pattern_.has_machine_code_ ? pcre2_jit_match : pcre2_match;
  const int count = match(as_code(pattern_.code_.get()), as_units(text_), text_.size(), at_,
                          PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data, nullptr);
  if (count == PCRE2_ERROR_NOMATCH) return std::nullopt;
  CAROUSEL_CHECK(count >= 0, "pattern: {}", message(count));
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
  at_ = ends[1];
  return Match{ends[0], ends[1]};
}

}  // namespace carousel
