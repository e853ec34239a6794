// The mLSTM of every backend against the reference, on heads and chunks larger than any tile of a
// matrix product, and not a multiple of one.

#include <doctest/doctest.h>

#include <string>

#include "kernels/kernels.h"
#include "tests/check_op.h"
#include "tests/ops/mlstm_problem.h"

namespace carousel {

namespace {

// Of everything a run gives, from numbers that are exact enough to be the truth.
template <class Real>
void check_close(const std::vector<Tensor<Real>>& run, const std::vector<Tensor<double>>& exact,
                 double tolerance) {
  REQUIRE(run.size() == exact.size());
  for (std::size_t i = 0; i < run.size(); ++i) {
    INFO("number ", i);
    CHECK(relative_error(run[i].template to<double>(), exact[i]) <= tolerance);
  }
}

void check_backends(const MlstmProblem& p, const MlstmOptions& options) {
  const std::string before(backend());
  use_backend("reference");
  const auto exact = run_mlstm<double>(p, options);
  for (const auto name : available_backends()) {
    INFO("backend ", name);
    use_backend(name);
    const auto again = run_mlstm<double>(p, options);
    check_close(again.values, exact.values, 1e-14);
    check_close(again.gradients, exact.gradients, 1e-13);
    const auto single = run_mlstm<float>(p, options);
    check_close(single.values, exact.values, 1e-6);
    // The gradient of q is all but orthogonal to q, a small difference of large numbers.
    check_close(single.gradients, exact.gradients, 5e-6);
  }
  use_backend(before);
}

}  // namespace

TEST_CASE("every backend of the mlstm agrees on heads and chunks of many tiles") {
  const MlstmProblem sizes[] = {{.B = 1, .S = 150, .NH = 2, .DHqk = 40, .DHv = 72},
                                {.B = 2, .S = 131, .NH = 1, .DHqk = 37, .DHv = 33}};
  for (const auto& size : sizes) {
    for (const bool state : {false, true}) {
      for (const bool resets : {false, true}) {
        auto p = random_mlstm(size, state, resets);
        for (const auto form : {MlstmForm::recurrent, MlstmForm::chunkwise}) {
          INFO("DHqk = ", p.DHqk, ", state ", state, ", resets ", resets);
          INFO("form ", static_cast<int>(form));
          check_backends(p, {.form = form});
        }
      }
    }
  }
}

}  // namespace carousel
