#include "autograd/tape.h"

#include <doctest/doctest.h>

#include "autograd/record.h"
#include "ops/layout.h"
#include "ops/reduce.h"

namespace carousel {

namespace {

Var<double> leaf(double value) { return parameter(Tensor<double>::full({1}, value)); }

// y = factor · x, counting how often its backward runs.
Var<double> times(const Var<double>& x, double factor, int* runs = nullptr) {
  auto backward = [factor, runs, dx = x.grad](const Tensor<double>& dy) {
    *into(dx) += factor * dy.item();
    if (runs != nullptr) ++*runs;
  };
  return record("times", Tensor<double>::full({1}, factor * x.value.item()), {x},
                [&] { return backward; });
}

}  // namespace

TEST_CASE("nothing is recorded without a tape, under Pause, or for constants") {
  const auto x = leaf(3);
  CHECK_FALSE(times(x, 2).wanted());
  Tape tape;
  CHECK_FALSE(times(Var<double>(x.value), 2).wanted());
  {
    const Tape::Pause pause;
    CHECK_FALSE(times(x, 2).wanted());
  }
  CHECK(tape.size() == 0);
  CHECK(times(x, 2).wanted());
  REQUIRE(tape.size() == 1);
  CHECK(std::string(tape.names()[0]) == "times");
}

TEST_CASE("fan-out adds, and gradients add up over calls until cleared") {
  const auto x = leaf(3);
  for (int call = 1; call <= 2; ++call) {
    Tape tape;
    const auto y = concat<double>({times(x, 2), times(x, 5)}, 0);
    tape.backward(sum(y));
    CHECK(x.grad->value().item() == 7 * call);
  }
  x.grad->clear();
  CHECK_FALSE(x.grad->arrived());
  CHECK(x.grad->value().item() == 0);
}

TEST_CASE("steps that no gradient reaches do not run") {
  const auto x = leaf(1);
  int used = 0, unused = 0;
  Tape tape;
  const auto y = times(x, 2, &used);
  times(x, 3, &unused);
  tape.backward(y);
  CHECK(used == 1);
  CHECK(unused == 0);
  CHECK(tape.size() == 0);
}

TEST_CASE("an output that nothing depends on counts as zeros") {
  const auto x = parameter(Tensor<double>::from({3}, {1, 2, 3}));
  Tape tape;
  tape.backward(sum(split(x, {1, 2}, 0)[1]));
  CHECK(x.grad->value().data()[0] == 0);
  CHECK(x.grad->value().data()[2] == 1);
}

TEST_CASE("detach cuts the graph") {
  const auto x = leaf(2);
  Tape tape;
  const auto y = times(x, 3);
  CHECK_FALSE(detach(y).wanted());
  tape.backward(sum(concat<double>({y, detach(y)}, 0)));
  CHECK(x.grad->value().item() == 3);
}

TEST_CASE("a nested tape has its own steps") {
  const auto x = leaf(2);
  Tape outer;
  const auto y = times(x, 3);
  {
    Tape inner;
    inner.backward(times(x, 10));
    CHECK(Tape::current() == &inner);
  }
  CHECK(Tape::current() == &outer);
  outer.backward(y);
  CHECK(x.grad->value().item() == 13);
}

TEST_CASE("a long chain does not overflow the stack") {
  const auto x = leaf(1);
  Tape tape;
  Var<double> y = x;
  for (int i = 0; i < 200000; ++i) y = times(y, 1);
  tape.backward(y);
  CHECK(x.grad->value().item() == 1);
}

TEST_CASE("backward frees what was saved as it goes") {
  const auto x = leaf(1);
  const auto before = memory_statistics().in_use;
  Tape tape;
  {
    auto saved = Tensor<double>::zeros({100000});
    auto backward = [saved, dx = x.grad](const Tensor<double>&) { *into(dx) += saved.data()[0]; };
    tape.backward(
        record("saver", Tensor<double>::zeros({1}), {x}, [&] { return std::move(backward); }));
    saved = {};
  }
  CHECK(memory_statistics().in_use - before < 100000);
}

TEST_CASE("backward frees each step before it runs the one below") {
  constexpr std::int64_t bytes = 800000;
  const auto x = leaf(1);
  const auto start = memory_statistics().in_use;
  std::vector<std::int64_t> held;
  Tape tape;
  Var<double> y = x;
  for (int i = 0; i < 10; ++i) {
    auto backward = [&held, saved = Tensor<double>::zeros({bytes / 8}), start,
                     dx = y.grad](const Tensor<double>& dy) {
      *into(dx) += dy.item() + saved.data()[0];
      held.push_back((memory_statistics().in_use - start) / bytes);
    };
    y = record("saver", Tensor<double>::full({1}, 1), {y}, [&] { return std::move(backward); });
  }
  tape.backward(y);
  REQUIRE(held.size() == 10);
  for (std::int64_t i = 0; i < 10; ++i) CHECK(held[static_cast<std::size_t>(i)] <= 2 * (10 - i));
  CHECK(held.back() <= 1);
}

TEST_CASE("an error in a backward function passes through, and recording goes on as before") {
  const auto x = leaf(1);
  Tape tape;
  const auto y = record("broken", Tensor<double>::full({1}, 1), {x},
                        [] { return [](const Tensor<double>&) { fail("broken: for the test"); }; });
  CHECK_THROWS_WITH(tape.backward(y), "broken: for the test");
  CHECK(Tape::current() == &tape);
  Tape next;
  next.backward(times(x, 2));
  CHECK(x.grad->value().item() == 2);
}

TEST_CASE("pauses nest, and a pause inside a tape inside a pause is its own") {
  const auto x = leaf(1);
  Tape outer;
  {
    const Tape::Pause first, second;
    CHECK(Tape::current() == nullptr);
    Tape inner;
    CHECK(times(x, 2).wanted());
    {
      const Tape::Pause third;
      CHECK_FALSE(times(x, 2).wanted());
    }
    CHECK(Tape::current() == &inner);
  }
  CHECK(Tape::current() == &outer);
  CHECK(outer.size() == 0);
}

TEST_CASE("gradients in float and double live side by side on one tape") {
  const auto x = parameter(Tensor<float>::full({2}, 1));
  const auto y = leaf(1);
  Tape tape;
  const auto a = sum(x);
  const auto b = times(y, 3);
  CHECK(a.wanted());
  tape.backward(b);
  CHECK(y.grad->value().item() == 3);
  CHECK_FALSE(x.grad->arrived());
}

TEST_CASE("misuse of a tape is a sentence") {
  const auto x = leaf(1);
  const auto pair = parameter(Tensor<double>::zeros({2}));
  Tape tape;
  CHECK_THROWS_WITH(tape.backward(Var<double>(x.value)),
                    "backward: output 0 is a constant, nothing recorded leads to it");
  CHECK_THROWS_WITH(tape.backward(pair), "backward: loss has shape [2], want one element");
  const auto y = times(x, 2);
  {
    Tape other;
    CHECK_THROWS_WITH(other.backward(y), "backward: output 0 was recorded on another tape");
  }
  const auto wrong = Tensor<double>::zeros({2});
  CHECK_THROWS_WITH(tape.backward(std::span<const Var<double>>(&y, 1),
                                  std::span<const Tensor<double>>(&wrong, 1)),
                    "backward: upstream gradient 0 has shape [2], want [1]");
  tape.backward(y);
  CHECK_THROWS_WITH(tape.backward(y),
                    "backward: called twice on one tape, whose steps are used up");
  CHECK_THROWS_WITH(times(x, 2),
                    "times: recorded on a tape whose backward has run, want a new Tape");
}

}  // namespace carousel
