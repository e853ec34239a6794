// Elementwise nonlinearities and their gated pairs.
#pragma once

#include "autograd/var.h"
#include "kernels/activation.h"

namespace carousel {

// y = f(x), elementwise.
template <class Real>
Var<Real> activation(Activation f, const Var<Real>& x);

// y = cap · tanh(x / cap), elementwise. Throws Error unless cap > 0.
template <class Real>
Var<Real> soft_cap(const Var<Real>& x, double cap);

// y = f(gate) ⊙ up; x (…, 2U) with rows [gate | up] → (…, U). Throws Error for an odd last axis.
template <class Real>
Var<Real> gated_activation(Activation f, const Var<Real>& x);

// y = f(gate) ⊙ x; both of one shape. Throws Error when the shapes differ.
template <class Real>
Var<Real> gate(Activation f, const Var<Real>& gate, const Var<Real>& x);

}  // namespace carousel
