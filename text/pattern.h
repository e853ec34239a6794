// Pattern: a regular expression, compiled to machine code where PCRE2 can.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace carousel {

class Pattern {
 public:
  enum class Subject { bytes, utf8 };

  // The expression is UTF-8. Throws Error, which starts with the name, when it makes no sense or is
  // too long.
  Pattern(std::string_view expression, Subject subject, std::string_view name);

  struct Match {
    std::size_t begin, end;
  };

  // Searches one text from front to back. Pattern and text must outlive it; a subject that is not
  // what the pattern was made for is undefined behaviour.
  class Search {
   public:
    Search(const Pattern& pattern, std::string_view text);

    // The next match, or none. Throws Error when PCRE2 gives up.
    std::optional<Match> next();

   private:
    struct Free {
      void operator()(void* match_data) const;
    };

    const Pattern& pattern_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::unique_ptr<void, Free> match_data_;
  };

 private:
  struct Free {
    void operator()(void* code) const;
  };

  std::unique_ptr<void, Free> code_;
  bool has_machine_code_ = false;
};

}  // namespace carousel
