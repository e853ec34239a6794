#include "ops/convert.h"

#include "ops/arithmetic.h"
#include "ops/cases/cases.h"

namespace carousel {

void add_convert_cases(CaseList& list) {
  list.add("narrow", "odd sizes", {{"x", {3, 7}}, {"scale", {3, 7}}},
           []<class Real>(const CaseArguments<Real>& in) {
             return std::vector{multiply(narrow<Real>(in.wide(0)), in[1])};
           });
  list.add("widen", "several chunks", {{"x", {17, 1031}}, {"scale", {17, 1031}}},
           [](const auto& in) { return std::vector{multiply(widen(in[0]), in.wide(1))}; });
}

}  // namespace carousel
