// A whole language model as a case for gradient checking, beside those of the ops.
#pragma once

#include "ops/cases/cases.h"

namespace carousel::program {

// Tiny models with blocks of each kind; the inputs are their parameters, the outputs logits of two
// segments, the second of which starts from the state that the first ended in.
std::vector<OpCase> model_cases();

}  // namespace carousel::program
