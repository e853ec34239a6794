// Numerical gradient checking, in double precision.
//
//   const auto checks = gradcheck(
//       [](const std::vector<Var<double>>& in) { return std::vector{matmul(in[0], in[1])}; },
//       {a, b});
//   for (const auto& check : checks) fmt::print("{:.1e}\n", check.error());
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/checkpoint.h"
#include "core/tensor.h"

namespace carousel {

struct GradcheckOptions {
  double step = 1e-3;          // of the difference quotient, whose error is of fourth order in it
  std::int64_t elements = 64;  // checked one by one per input, chosen at random; all when fewer
  std::uint64_t seed = 1;      // of the random directions
};

// What was found for one input x of y = f(x), for random u, v and g = Jᵀu from the tape.
struct InputCheck {
  // |⟨v, g⟩ − d⟨u, f(x + t v)⟩/dt| / max(|g|₂, |the quotient|): sees every element at once.
  double projection_error = 0;
  // max over the elements looked at of |analytic − numeric| / max(|analytic|, |numeric|, rms(g)).
  double element_error = 0;
  std::int64_t worst = 0;  // row-major place of the worst element, with both values
  double analytic = 0;
  double numeric = 0;

  // The larger error; NaN if either is.
  double error() const;
};

// Checks the gradients of every output with respect to every input at the given point. The function
// runs on the inputs' device; the quotients (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h are formed
// on the host. Undefined inputs and outputs ("none") are passed on and left out. Throws Error when
// the function has no output or is not finite at the point.
std::vector<InputCheck> gradcheck(const Function<double>& function,
                                  const std::vector<Tensor<double>>& inputs,
                                  const GradcheckOptions& options = {});

// Always throw Error: single precision, and bf16 all the more, cannot tell a wrong gradient from
// rounding.
std::vector<InputCheck> gradcheck(const Function<float>& function,
                                  const std::vector<Tensor<float>>& inputs,
                                  const GradcheckOptions& options = {});
std::vector<InputCheck> gradcheck(const Function<bf16>& function,
                                  const std::vector<Tensor<bf16>>& inputs,
                                  const GradcheckOptions& options = {});

}  // namespace carousel
