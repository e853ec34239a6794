// Samples: what a model writes by itself while it learns.
#pragma once

#include "data/corpus.h"
#include "examples/language_model/writer.h"

namespace carousel::program {

// That many tokens at temperature 0.8, from a line break or, where there is no such token, the
// first of the corpus: text where the corpus has a tokenizer, else ids as numbers. A function of
// the model and the seed.
template <class Real>
void write_sample(const LanguageModel<Real>& model, const Corpus& corpus, std::int64_t tokens,
                  std::uint64_t seed, const TextSink& put);

}  // namespace carousel::program
