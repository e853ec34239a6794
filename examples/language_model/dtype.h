// From the word after --dtype to a type.
#pragma once

#include "examples/language_model/options/options.h"

namespace carousel::program {

// function(Real{}) for the Real that dtype means.
template <class Function>
int with_dtype(Dtype dtype, const Function& function) {
  return dtype == Dtype::float32 ? function(float{}) : function(double{});
}

}  // namespace carousel::program
