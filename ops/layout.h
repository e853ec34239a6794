// Moving elements around without changing them.
#pragma once

#include <vector>

#include "autograd/var.h"

namespace carousel {

// The parts side by side along one axis. Throws Error unless all other sizes agree.
template <class Real>
Var<Real> concat(const std::vector<Var<Real>>& parts, int axis);

// The inverse of concat: pieces of the given sizes along one axis.
// Throws Error unless the sizes add up to that of the axis.
template <class Real>
std::vector<Var<Real>> split(const Var<Real>& x, const std::vector<std::int64_t>& sizes, int axis);

// Positions begin, …, begin + size − 1 along one axis. Throws Error outside the axis.
template <class Real>
Var<Real> slice(const Var<Real>& x, int axis, std::int64_t begin, std::int64_t size);

// Axis a of the result is axis order[a] of x. Throws Error unless order names every axis once.
template <class Real>
Var<Real> permute(const Var<Real>& x, const std::vector<int>& order);

// The same elements in row-major order under another shape; shares the storage.
// Throws Error when the element counts differ.
template <class Real>
Var<Real> reshape(const Var<Real>& x, const Shape& shape);

}  // namespace carousel
