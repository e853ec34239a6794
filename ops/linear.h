// Affine maps of the last axis.
#pragma once

#include <vector>

#include "autograd/var.h"

namespace carousel {

// y = x weightᵀ + bias; x (…, in), weight (out, in), bias (out) or undefined → (…, out).
// Throws Error unless x has `in` channels and bias has shape [out].
template <class Real>
Var<Real> linear(const Var<Real>& x, const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias);

// linear with a result that is not rounded to Real.
template <class Real>
Var<Wide<Real>> linear_wide(const Var<Real>& x, const Var<Wide<Real>>& weight,
                            const Var<Wide<Real>>& bias);

// split(linear(x, weight, bias), sizes, -1), where every part is computed in its own place.
// Throws Error as linear does, and unless the sizes add up to `out`.
template <class Real>
std::vector<Var<Real>> linear_split(const Var<Real>& x, const Var<Wide<Real>>& weight,
                                    const Var<Wide<Real>>& bias,
                                    const std::vector<std::int64_t>& sizes);

// linear_wide(concat(parts, -1), weight, bias), where every part is read in its own place.
// Throws Error as linear and concat do.
template <class Real>
Var<Wide<Real>> linear_concat(const std::vector<Var<Real>>& parts, const Var<Wide<Real>>& weight,
                              const Var<Wide<Real>>& bias);

}  // namespace carousel
