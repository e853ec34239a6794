#include "examples/language_model/built_in_corpus.h"

#include "examples/language_model/embed.h"

CAROUSEL_EMBED(corpus, CAROUSEL_CORPUS_FILE);

namespace carousel::program {

std::string_view built_in_corpus() { return corpus(); }

}  // namespace carousel::program
