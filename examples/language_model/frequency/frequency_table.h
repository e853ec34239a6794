// FrequencyTable: how well words are predicted, by how often they stand in the training text.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace carousel::program {

// Words of a text, and the losses of their tokens.
struct WordLoss {
  std::int64_t words = 0, tokens = 0;
  double nats = 0;  // of all tokens

  double nats_per_word() const;  // NaN without a word
  double perplexity() const;     // e^nats_per_word

  WordLoss& operator+=(const WordLoss& more);
};

// 0 times, 1 to 9, 10 to 99, …, and from 10,000.
struct FrequencyTable {
  std::array<WordLoss, 6> buckets;
  WordLoss all;

  static std::size_t bucket(std::int64_t count);
};

// With the perplexity of all words first; "-" for what would be divided by no words.
std::string as_text(const FrequencyTable& table);

// Adds "words", "word_perplexity" and "by_frequency" to an object; null for what would be divided
// by no words, or is more than a double holds.
void add_to(nlohmann::ordered_json& json, const FrequencyTable& table);

}  // namespace carousel::program
