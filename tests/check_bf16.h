// check_bf16: what is asked of a case in bf16.
#pragma once

#include "ops/cases/cases.h"

namespace carousel {

// Asks of one case, where its op has a form for bf16, on a device other than the cpu:
//  - outputs and gradients are those of the reference in double, to the digits that bf16 has, and
//    what is wide to those of float;
//  - two runs are identical bit for bit, and running twice doubles every gradient;
//  - no buffer is written outside its bounds, nothing unwritten is read, results are finite.
void check_bf16(const OpCase& op_case, Device device);

}  // namespace carousel
