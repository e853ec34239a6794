#include "data/batches.h"

#include <doctest/doctest.h>

#include <set>

#include "core/error.h"
#include "tests/data/tiny_corpus.h"

namespace carousel {

namespace {

Batch only(const Batches& batches, std::int64_t step) {
  auto all = batches(step);
  REQUIRE(all.size() == 1);
  return std::move(all.front());
}

constexpr std::array orders{Order::shuffled, Order::sequential, Order::packed, Order::streams};

}  // namespace

TEST_CASE("batches: shuffled windows come each once in an epoch, and differ between epochs") {
  const Corpus corpus = counting_corpus(202);  // 40 windows of 5
  const Batches batches(all_of(corpus), Order::shuffled, {4, 5}, 1);
  std::vector<Ids> epochs;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    Ids starts;
    for (std::int64_t step = 0; step < 10; ++step) {
      const Batch batch = only(batches, epoch * 10 + step);
      REQUIRE(batch.inputs.shape() == Shape{4, 5});
      CHECK(!batch.reset.defined());
      for (std::int64_t i = 0; i < 20; ++i) {
        CHECK(batch.targets.data()[i] == batch.inputs.data()[i] + 1);
      }
      for (std::int64_t row = 0; row < 4; ++row) starts.push_back(batch.inputs.data()[row * 5]);
    }
    CHECK(std::set(starts.begin(), starts.end()).size() == 40);
    epochs.push_back(starts);
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
}

TEST_CASE("batches: every step is a function of its number, the seed and nothing else") {
  const Corpus corpus = corpus_of({Ids{1, 2, 3, 4, 5, 6, 7}, Ids{8, 9}, Ids{10, 11, 12, 13}});
  for (const Order order : orders) {
    const BatchShape shape{.rows = 2, .length = 3, .per_step = 2};
    const Batches there(all_of(corpus), order, shape, 1), again(all_of(corpus), order, shape, 1);
    std::vector<Ids> before;
    for (std::int64_t step = 0; step < 20; ++step) {
      for (const Batch& batch : there(step)) before.push_back(values(batch.inputs));
    }
    for (std::int64_t step = 19; step >= 0; --step) {
      const auto batches = again(step);
      REQUIRE(batches.size() == 2);
      for (std::size_t i = 0; i < 2; ++i) {
        CHECK(values(batches[i].inputs) == before[static_cast<std::size_t>(step) * 2 + i]);
      }
    }
  }
}

TEST_CASE("batches: exactly one window") {
  const Corpus corpus = corpus_of({{5, 6, 7}});
  for (const Order order : {Order::shuffled, Order::sequential}) {
    const Batch batch = only(Batches(all_of(corpus), order, {2, 2}, 1), 5);
    CHECK(values(batch.inputs) == Ids{5, 6, 5, 6});
    CHECK(values(batch.targets) == Ids{6, 7, 6, 7});
  }
}

TEST_CASE("batches: packed rows start every document afresh and predict nothing across") {
  const Corpus corpus = corpus_of({{5, 6, 7}, {8, 9}, {10, 11, 12, 13, 14, 15, 16}});
  const Batches batches(all_of(corpus), Order::packed, {1, 6}, 1);
  std::set<Ids> inputs, targets, resets;
  for (std::int64_t step = 0; step < 2; ++step) {
    const Batch batch = only(batches, step);
    inputs.insert(values(batch.inputs));
    targets.insert(values(batch.targets));
    resets.insert(values(batch.reset));
  }
  CHECK(inputs == std::set<Ids>{{5, 6, 7, 8, 9, 0}, {10, 11, 12, 13, 14, 15}});
  CHECK(targets == std::set<Ids>{{6, 7, -1, 9, -1, -1}, {11, 12, 13, 14, 15, 16}});
  CHECK(resets == std::set<Ids>{{1, 0, 0, 1, 0, 1}, {1, 0, 0, 0, 0, 0}});
  CHECK(batches.occupancy() == doctest::Approx(11.0 / 12));
  CHECK(!batches.carries_state());
}

TEST_CASE("batches: a separator is predicted at the end of every document") {
  const Corpus corpus = corpus_of({{0, 6, 7}, {0, 9}}, 0);
  const Batch batch = only(Batches(all_of(corpus), Order::packed, {1, 6}, 1), 0);
  CHECK(values(batch.inputs) == Ids{0, 6, 7, 0, 9, 0});
  CHECK(values(batch.targets) == Ids{6, 7, 0, 9, 0, -1});
  CHECK(batch.predicted() == 5);
}

TEST_CASE("batches: streams go on where they were, and take turns from epoch to epoch") {
  const Corpus corpus = counting_corpus(2 * 10 + 1);  // 10 windows of 2; 3 streams of 3
  const Batches batches(all_of(corpus), Order::streams, {3, 2}, 1);
  CHECK(batches.carries_state());
  const auto look = [&](std::int64_t step) {
    const Batch batch = only(batches, step);
    return std::pair(values(batch.inputs), values(batch.reset));
  };
  CHECK(look(0) == std::pair(Ids{0, 1, 6, 7, 12, 13}, Ids{1, 0, 1, 0, 1, 0}));
  CHECK(look(1) == std::pair(Ids{2, 3, 8, 9, 14, 15}, Ids{0, 0, 0, 0, 0, 0}));
  CHECK(look(2) == std::pair(Ids{4, 5, 10, 11, 16, 17}, Ids{0, 0, 0, 0, 0, 0}));
  CHECK(look(3) == std::pair(Ids{18, 19, 4, 5, 10, 11}, Ids{1, 0, 1, 0, 1, 0}));
  CHECK(look(4) == std::pair(Ids{0, 1, 6, 7, 12, 13}, Ids{1, 0, 0, 0, 0, 0}));
  std::vector<int> seen(10);
  for (std::int64_t step = 0; step < 30; ++step) {
    const auto inputs = look(step).first;
    for (std::size_t row = 0; row < 3; ++row) ++seen[static_cast<std::size_t>(inputs[2 * row] / 2)];
  }
  CHECK(seen == std::vector<int>(10, 9));  // 10 epochs of 9 windows
}

TEST_CASE("batches: streams start documents afresh") {
  const Corpus corpus = corpus_of({{5, 6, 7}, {8, 9, 10}, {11}});
  const Batches batches(all_of(corpus), Order::streams, {1, 3}, 1);
  const Batch first = only(batches, 0), second = only(batches, 1);
  CHECK(values(first.targets) == Ids{6, 7, -1});
  CHECK(values(first.reset) == Ids{1, 0, 0});
  CHECK(values(second.targets) == Ids{9, 10, -1});
  CHECK(values(second.reset) == Ids{1, 0, 0});
}

TEST_CASE("batches: too little is refused") {
  const auto make = [](const Corpus& corpus, Order order, const BatchShape& shape) {
    Batches(all_of(corpus), order, shape, 1);
  };
  const Corpus one = corpus_of({{5}}), three = corpus_of({{5, 6, 7}}), none({});
  for (const Order order : orders) {
    CHECK_THROWS_AS(make(one, order, {1, 1}), Error);
    CHECK_THROWS_AS(make(none, order, {1, 1}), Error);
  }
  CHECK_THROWS_WITH_AS(
      make(three, Order::shuffled, {1, 3}),
      "data: there are 3 tokens to train on, want at least 4, one more than the context", Error);
  CHECK_THROWS_WITH_AS(
      make(three, Order::streams, {3, 1}),
      "data: there are 3 tokens to train on, want at least 4 for 3 streams of 1 or more", Error);
  CHECK_NOTHROW(make(three, Order::packed, {1, 300}));
  CHECK_THROWS_AS(make(counting_corpus(5), Order::packed, {1, 2}), Error);
  CHECK_THROWS_AS(make(corpus_of({{1}, {2}, {3}}), Order::packed, {1, 2}), Error);
  CHECK_NOTHROW(make(corpus_of({{0}}, 0), Order::packed, {1, 2}));
}

}  // namespace carousel
