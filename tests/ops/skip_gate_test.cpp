#include "ops/skip_gate.h"

#include <doctest/doctest.h>

#include "core/random.h"
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "tests/check_op.h"

namespace carousel {

TEST_CASE("skip_gate is the gate of a sum with a scaled skip") {
  const auto draw = [](const Shape& shape, std::uint64_t stream) {
    return Var<double>(random_normal<double>(shape, Random{3, stream}));
  };
  const auto gate_value = draw({4, 5}, 1), x = draw({4, 5}, 2), skip = draw({4, 5}, 3);
  const auto weight = draw({5}, 4);
  const auto fused = skip_gate(Activation::silu, gate_value, x, skip, weight);
  const auto apart = gate(Activation::silu, gate_value, add(x, channel_scale(skip, weight)));
  CHECK(relative_error(fused.value, apart.value) <= 1e-15);  // a few roundings
}

TEST_CASE("skip_gate: shapes that do not fit") {
  const auto of = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  const auto call = [](const auto& gate, const auto& x, const auto& skip, const auto& weight) {
    return skip_gate(Activation::silu, gate, x, skip, weight);
  };
  CHECK_THROWS_WITH_AS(call(of({2, 3}), of({3, 2}), of({2, 3}), of({3})),
                       "skip_gate: gate has shape [2, 3], x [3, 2] and skip [2, 3], want the same",
                       Error);
  CHECK_THROWS_WITH_AS(call(of({2, 3}), of({2, 3}), of({2, 3}), of({2})),
                       "skip_gate: weight has shape [2], want [3]", Error);
  CHECK_THROWS_WITH_AS(call(of({}), of({}), of({}), of({1})),
                       "skip_gate: x has shape [], want at least one axis", Error);
}

}  // namespace carousel
