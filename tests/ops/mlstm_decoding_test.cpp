// Decoding with the recurrent mLSTM: a state that nobody else holds is updated where it lies, and
// every other one is left alone.

#include <doctest/doctest.h>

#include "autograd/tape.h"
#include "core/random.h"
#include "ops/mlstm.h"
#include "tests/check_op.h"

namespace carousel {

namespace {

constexpr MlstmOptions recurrent{.form = MlstmForm::recurrent};

struct Step {
  Tensor<float> q, k, v, i, f;

  explicit Step(std::uint64_t number)
      : q(draw({2, 1, 3, 5}, 5 * number)),
        k(draw({2, 1, 3, 5}, 5 * number + 1)),
        v(draw({2, 1, 3, 9}, 5 * number + 2)),
        i(draw({2, 1, 3}, 5 * number + 3)),
        f(draw({2, 1, 3}, 5 * number + 4)) {}

  MlstmResult<float> operator()(MlstmState<float> state) const {
    return mlstm<float>(q, k, v, i, f, std::move(state), {}, recurrent);
  }

 private:
  static Tensor<float> draw(const Shape& shape, std::uint64_t stream) {
    return random_normal<float>(shape, Random{.seed = 11, .stream = stream});
  }
};

}  // namespace

TEST_CASE("mlstm updates a state in place when it is moved in, with the same result") {
  auto state = Step(0)({}).state;
  const MlstmState<float> copy{state.c.value.clone(), state.n.value.clone(), state.m.value.clone()};
  const float *const c = state.c.data(), *const n = state.n.data();
  const auto in_place = Step(1)(std::move(state));
  CHECK(in_place.state.c.data() == c);
  CHECK(in_place.state.n.data() == n);

  const auto apart = Step(1)(copy);
  CHECK(apart.state.c.data() != copy.c.data());
  CHECK(identical(in_place.h.value, apart.h.value));
  CHECK(identical(in_place.state.c.value, apart.state.c.value));
  CHECK(identical(in_place.state.n.value, apart.state.n.value));
  CHECK(identical(in_place.state.m.value, apart.state.m.value));
}

TEST_CASE("mlstm leaves a state alone that somebody else holds, or that a tape may need") {
  const auto first = Step(0)({}).state;
  const Tensor<float> before = first.c.value.clone();
  auto passed_on = first;
  Step(1)(std::move(passed_on));
  CHECK(identical(first.c.value, before));

  MlstmState<float> alone{first.c.value.clone(), first.n.value.clone(), first.m.value.clone()};
  const float* const c = alone.c.data();
  const Tape tape;
  CHECK(Step(1)(std::move(alone)).state.c.data() != c);
}

}  // namespace carousel
