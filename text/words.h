// Words: the pieces that byte-pair encoding sees one by one, after GPT-2's pattern.
#pragma once

#include <functional>
#include <string_view>

namespace carousel {

// Calls on_word for the pieces of a text, which follow each other without a gap:
//
//   's 't 're 've 'm 'll 'd     letters     numbers     other characters     white space
//
// letters, numbers and others with one space before them if there is one; of several white-space
// characters the last stays with what follows. Letters and numbers are Unicode's \p{L} and \p{N},
// white space is its White_Space. A byte that is not part of a UTF-8 character counts as the
// control character SUBSTITUTE: one of the others.
void split_words(std::string_view text, const std::function<void(std::string_view)>& on_word);

}  // namespace carousel
