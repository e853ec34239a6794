#include "ops/rms_norm.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_rms_norm_cases(CaseList& list) {
  const auto add = [&](const char* note, std::int64_t rows, std::int64_t channels,
                       NormOptions options) {
    list.add("rms_norm", note,
             {{"x", {rows, channels}, 2, 0.5}, {"weight", {channels}}, {"bias", {channels}}},
             [options](const auto& in) {
               return std::vector{rms_norm(in[0], in.wide(1), in.wide(2), options)};
             });
  };
  // One channel is nearly its own norm: with a small eps the gradient would be all cancellation.
  add("everything of size one", 1, 1, {.eps = 1});
  add("one row", 1, 8, {});
  add("odd sizes", 5, 7, {});
  add("one past a vector", 3, 17, {.eps = 1e-2});
  add("residual weight", 4, 9, {.residual_weight = true});
  add("heads", 6, 12, {.groups = 3, .residual_weight = true});
  list.add("rms_norm", "no weight, no bias", {{"x", {2, 3, 5}}},
           [](const auto& in) { return std::vector{rms_norm(in[0], {}, {})}; });
}

}  // namespace carousel
