// Softmax cross-entropy. Probabilities are never stored: the backward pass computes each once, from
// the logits and one log-sum-exp per row.
#pragma once

#include <cstdint>

namespace carousel {

template <class Real>
struct CrossEntropyForward {
  const Real* logits;           // (N, V)
  const std::int32_t* targets;  // (N)     negative: ignored
  Real* log_sum_exp;            // (N)     log Σ_v exp(logits[v]); not written for ignored rows
  Real* loss;                   // (1)     mean over the rows that are not ignored, in nats
  std::int64_t N, V;
  std::int64_t counted;  // rows that are not ignored, ≥ 1
};

template <class Real>
struct CrossEntropyBackward {
  const Real* dloss;            // (1)
  const Real* logits;           // (N, V)
  const std::int32_t* targets;  // (N)
  const Real* log_sum_exp;      // (N)
  Real* dlogits;                // (N, V)  +=
  std::int64_t N, V;
  std::int64_t counted;
};

}  // namespace carousel
