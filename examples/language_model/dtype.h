// From the word after --dtype to a type.
#pragma once

#include "core/bf16.h"
#include "core/error.h"
#include "examples/language_model/options/options.h"

namespace carousel::program {

// function(Real{}) for the Real that dtype means, of those that every device computes with.
template <class Function>
int with_wide_dtype(Dtype dtype, const Function& function) {
  if (dtype == Dtype::float32) return function(float{});
  if (dtype == Dtype::float64) return function(double{});
  fail("dtype: got {}, want float32 or float64", name(dtype));
}

// function(Real{}) for the Real that dtype means: the activations'.
template <class Function>
int with_dtype(Dtype dtype, const Function& function) {
  return dtype == Dtype::bf16 ? function(bf16{}) : with_wide_dtype(dtype, function);
}

}  // namespace carousel::program
