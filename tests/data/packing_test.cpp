#include "data/packing.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/random.h"
#include "tests/data/tiny_corpus.h"

namespace carousel {

namespace {

using Places = std::vector<std::pair<std::int64_t, std::int64_t>>;

Places rows_of(const Corpus& corpus, std::int64_t length) {
  const Packing packing(all_of(corpus), length);
  Places places;
  for (std::int64_t i = 0; i < packing.rows(); ++i) {
    const Stretch row = packing.row(i);
    places.emplace_back(row.begin, row.end);
  }
  return places;
}

}  // namespace

TEST_CASE("packing: whole documents until one does not fit") {
  const Corpus corpus = corpus_of({Ids(3), Ids(2), Ids(4), Ids(5), Ids(1)}, 0);
  CHECK(rows_of(corpus, 5) == Places{{0, 5}, {5, 9}, {9, 14}, {14, 15}});
  CHECK(rows_of(corpus, 6) == Places{{0, 5}, {5, 9}, {9, 15}});
  CHECK(rows_of(corpus, 100) == Places{{0, 15}});
}

TEST_CASE("packing: a long document is cut, and its end shares a row") {
  const Corpus corpus = corpus_of({Ids(1), Ids(11), Ids(2), Ids(4), Ids(8)}, 0);
  CHECK(rows_of(corpus, 4) ==
        Places{{0, 1}, {1, 5}, {5, 9}, {9, 12}, {12, 14}, {14, 18}, {18, 22}, {22, 26}});
}

TEST_CASE("packing: rows in which nothing can be predicted are left out") {
  const Corpus corpus = corpus_of({Ids(1), Ids(5), Ids(1), Ids(1), Ids(1), Ids(2), Ids(4), Ids(1)});
  CHECK(rows_of(corpus, 4) == Places{{1, 5}, {9, 11}, {11, 15}});
  CHECK(rows_of(corpus_of({Ids(1), Ids(1)}), 1).empty());
  CHECK(Packing(all_of(corpus), 4).tokens() == 10);
}

TEST_CASE("packing: rows are all tokens in order, any of thousands found at once") {
  std::vector<Ids> documents;
  const Random random{4, 2};
  for (std::uint64_t i = 0; i < 5000; ++i) documents.push_back(Ids(1 + random.below(40, i)));
  const Corpus corpus = corpus_of(documents, 0);
  const Packing packing(all_of(corpus), 32);
  std::int64_t at = 0;
  for (std::int64_t i = 0; i < packing.rows(); ++i) {
    const Stretch row = packing.row(i);
    CHECK(row.begin == at);
    CHECK(row.end - row.begin >= 1);
    CHECK(row.end - row.begin <= 32);
    at = row.end;
  }
  CHECK(at == corpus.size());
}

}  // namespace carousel
