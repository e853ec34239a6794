// How the sLSTM keeps its exponential gates within bounds: equations in slstm.cpp. As in gates.h,
// kernels on GPUs may call what is constexpr.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/reference/gates.h"
#include "kernels/slstm.h"

namespace carousel::reference {

// a + b + c, with the digits that a + b loses made good (Knuth's TwoSum).
template <class Real>
constexpr Real sum(Real a, Real b, Real c) {
  const Real s = a + b, rounded_b = s - a;
  const Real lost = (a - (s - rounded_b)) + (b - rounded_b);
  return std::isfinite(s) ? (s + c) + lost : s + c;
}

template <class Real>
struct Stabilised {
  Real m, input, forget;  // m_t, i', f'
  bool from_input;        // m_t = i, not lf
};

// One of i' and f' is always 1, the other the exponential of the distance between i and lf. That
// has to be right to far more digits than i and m have when they are in the thousands.
template <class Real>
constexpr Stabilised<Real> stabilise(Real i, Real log_f, Real m_before, bool fresh) {
  const Real ahead = sum(m_before, log_f, -i);  // lf − i
  if (!fresh && !(ahead <= 0)) return {m_before + log_f, std::exp(-ahead), 1, false};
  // Of a fresh unit f' may be beyond every bound; it has to stay finite, to give 0 times 0.
  const Real bound = std::sqrt(std::numeric_limits<Real>::max());
  return {i, 1, std::min(std::exp(ahead), bound), true};
}

// log f, and its derivative.
template <class Real>
constexpr Real log_forget(Real f, ForgetGate gate) {
  return gate == ForgetGate::sigmoid ? log_sigmoid(f) : f;
}
template <class Real>
constexpr Real log_forget_slope(Real f, ForgetGate gate) {
  return gate == ForgetGate::sigmoid ? sigmoid(-f) : Real{1};
}

}  // namespace carousel::reference
