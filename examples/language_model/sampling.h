// Sampling: one token from the logits of all.
#pragma once

#include <cstdint>
#include <vector>

namespace carousel::program {

struct Sampling {
  double temperature = 1;  // 0: the likeliest token, the first of equals
  std::int64_t top_k = 0;  // 0: all
  double top_p = 1;
};

// A token with the probability that softmax(logits / temperature) gives it among the top_k
// likeliest and, of those, among the likeliest that together reach probability top_p; of equally
// likely ones the smaller ids come first. uniform, in [0, 1), is the chance. Throws Error unless
// the logits are finite.
std::int32_t sample(const std::vector<double>& logits, const Sampling& sampling, double uniform);

}  // namespace carousel::program
