#include "examples/language_model/built_in_corpus.h"

// The assembler copies the file in, because a string literal of this size takes compilers minutes.
asm(R"(
  .pushsection .rodata
  .global carousel_corpus_begin
  .global carousel_corpus_end
carousel_corpus_begin:
  .incbin ")" CAROUSEL_CORPUS_FILE R"("
carousel_corpus_end:
  .byte 0
  .popsection
)");

extern "C" const char carousel_corpus_begin[];
extern "C" const char carousel_corpus_end[];

namespace carousel::program {

std::string_view built_in_corpus() { return {carousel_corpus_begin, carousel_corpus_end}; }

}  // namespace carousel::program
