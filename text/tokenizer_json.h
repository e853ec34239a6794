// tokenizer.json: the format of Hugging Face's tokenizers, of which byte-level byte-pair encoding
// with GPT-2's split into words is read: GPT-2's and GPT-NeoX's files and what this project writes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "text/vocabulary.h"

namespace carousel {

// Reads what encoding without a template needs (add_special_tokens=False there), so a
// post-processor has no meaning. Throws Error that names origin and entry for what is missing or
// makes no sense, and for everything that would make other ids: another model, split, normaliser or
// kind of token.
Vocabulary parse_tokenizer_json(std::string_view text, std::string_view origin);

std::string to_tokenizer_json(const Vocabulary& vocabulary);

}  // namespace carousel
