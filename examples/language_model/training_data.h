// What a run learns from, and what it is measured on.
#pragma once

#include <optional>
#include <string>

#include "data/corpus.h"
#include "examples/language_model/options/options.h"

namespace carousel::program {

class TrainingData {
 public:
  // Opens --data and --val-data. Throws Error naming what cannot be used, and for prepared data
  // with other tokens than --tokenizer or --init say.
  explicit TrainingData(const TrainOptions& options);
  TrainingData(const TrainingData&) = delete;
  TrainingData& operator=(const TrainingData&) = delete;

  // The tokenizer of both; none where nobody knows.
  const std::optional<Tokenizer>& tokenizer() const { return learned_.tokenizer(); }
  const Corpus& corpus() const { return learned_; }

  // Throws Error when there is a token that the model does not have.
  void check_vocabulary(std::int64_t vocab_size);

  // Without what is kept for validation.
  Tokens training() const;
  // At most --eval-tokens; empty where nothing is to be measured. Throws Error when it should be,
  // and nothing can be predicted.
  Tokens validation() const;

  // Of all tokens of both.
  std::string checksum() const;

 private:
  struct Both {
    Corpus learned;
    std::optional<Corpus> measured;
    Cut cut;
  };
  static Both open(const TrainOptions& options);
  TrainingData(const TrainOptions& options, Both both);

  const TrainOptions& options_;
  Corpus learned_;
  std::optional<Corpus> measured_;  // where it is no part of the other
  Cut cut_;                         // where it is
};

// --data of eval: files, or the validation documents of a prepared directory; all of them where
// none are kept. Throws Error as open_files and open_prepared do, and for prepared data with other
// tokens than the tokenizer's.
Corpus open_to_measure(const std::vector<std::filesystem::path>& data,
                       const std::optional<Tokenizer>& tokenizer);

// What was learnt from: files, or the training documents of a prepared directory. Throws the same.
Corpus open_learned(const std::vector<std::filesystem::path>& data,
                    const std::optional<Tokenizer>& tokenizer);

}  // namespace carousel::program
