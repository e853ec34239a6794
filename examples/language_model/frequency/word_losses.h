// WordLosses: the losses of single tokens, gathered into words and their frequencies.
#pragma once

#include <optional>

#include "examples/language_model/frequency/frequency_table.h"
#include "examples/language_model/frequency/word_counts.h"
#include "examples/language_model/frequency/word_splitter.h"

namespace carousel::program {

// A token belongs to the word that its last byte is in. Words whose last byte was not predicted are
// left out: there every token was given. A token that was given begins a word.
class WordLosses {
 public:
  // text: what is predicted, of which token 0 is given; it must have a tokenizer. Both must outlive
  // this.
  WordLosses(const Corpus& text, const WordCounts& training);
  WordLosses(const WordLosses&) = delete;
  WordLosses& operator=(const WordLosses&) = delete;

  // Tokens 1, 2, … as EvaluationOptions::on_token has them.
  void add(std::int64_t token, std::optional<double> nats);

  // To be called once, after the last.
  FrequencyTable finish();

 private:
  void finish_word(const std::string& word, bool predicted);

  const Corpus& text_;
  const WordCounts& training_;
  WordSplitter splitter_;
  FrequencyTable table_;
  WordLoss word_;  // that has not ended yet
};

}  // namespace carousel::program
