// Between the elements of activations and those of what must not lose digits: see core/bf16.h.
#pragma once

#include <type_traits>

#include "autograd/var.h"

namespace carousel {

template <class Real>
constexpr bool is_narrow = !std::is_same_v<Real, Wide<Real>>;

// x rounded to the nearest Real: narrow<bf16>(x). Where Real is not narrow, x itself. Throws Error
// for an undefined x, as does widen.
template <class Real>
Var<Real> narrow(const Var<Wide<Real>>& x);

// The same numbers, with room for more digits. Where Real is not narrow, x itself.
template <class Real>
Var<Wide<Real>> widen(const Var<Real>& x);

// The numbers alone, which no tape sees: for what an op computes from.
template <class Real>
Tensor<Real> narrow(const Tensor<Wide<Real>>& x);

}  // namespace carousel
