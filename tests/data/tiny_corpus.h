// Corpora small enough to look at.
#pragma once

#include <numeric>
#include <optional>
#include <vector>

#include "core/tensor.h"
#include "data/corpus.h"

namespace carousel {

using Ids = std::vector<std::int32_t>;

inline TokenView in_memory(Ids ids) {
  return TokenView("memory", ByteSource::memory(std::move(ids)), TokenWidth::four);
}

// Documents one after the other, in one piece.
inline Corpus corpus_of(const std::vector<Ids>& documents,
                        std::optional<std::int32_t> separator = {}) {
  Corpus corpus({});
  Ids ids;
  std::vector<std::uint32_t> starts;
  for (const Ids& document : documents) {
    starts.push_back(static_cast<std::uint32_t>(ids.size()));
    ids.insert(ids.end(), document.begin(), document.end());
  }
  const std::int64_t size = std::ssize(ids);
  corpus.add(in_memory(std::move(ids)),
             DocumentStarts("memory", ByteSource::memory(std::move(starts)), size));
  if (separator) corpus.set_separator(*separator);
  return corpus;
}

// Tokens 0, 1, … n − 1 of which nobody knows the documents.
inline Corpus counting_corpus(std::int64_t n) {
  Corpus corpus({});
  Ids ids(static_cast<std::size_t>(n));
  std::iota(ids.begin(), ids.end(), 0);
  corpus.add(in_memory(std::move(ids)));
  return corpus;
}

inline Tokens all_of(const Corpus& corpus) { return {&corpus, 0, corpus.size()}; }

inline Ids read(const Corpus& corpus, std::int64_t begin, std::int64_t count) {
  Ids tokens(static_cast<std::size_t>(count));
  corpus.read(begin, tokens);
  return tokens;
}

inline Ids values(const Tensor<std::int32_t>& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

}  // namespace carousel
