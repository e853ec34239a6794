// Words of tokens, and tables of their losses, for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/language_model/frequency/frequency_table.h"
#include "text/tokenizer.h"

namespace carousel {

using Words = std::vector<std::string>;

Words words_of(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids);
Words words_of(const Tokenizer& tokenizer, std::string_view text);

// The table of a text whose token i > 0 costs nats[i − 1]; negative: it was not predicted.
program::FrequencyTable table_of(const Tokenizer& tokenizer, const std::string& training,
                                 const std::vector<std::int32_t>& ids,
                                 const std::vector<double>& nats);

}  // namespace carousel
