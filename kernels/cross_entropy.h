// Softmax cross-entropy. Probabilities are never stored: the backward pass computes each once, from
// the logits and two numbers per row, the halves of its log-sum-exp.
#pragma once

#include <cstdint>

namespace carousel {

template <class Real>
struct CrossEntropyForward {
  const Real* logits;           // (N, V)
  const std::int32_t* targets;  // (N)     negative: ignored
  Real* max;                    // (N)     max_v logits[v]; not written for ignored rows
  Real* log_sum;                // (N)     log Σ_v exp(logits[v] − max); likewise
  Real* losses;                 // (N)     log_sum − (logits[target] − max), in nats; 0: ignored
  Real* loss;                   // (1)     their sum / counted
  std::int64_t N, V;
  std::int64_t counted;  // as so many rows, ≥ 1: for the mean, those that are not ignored
};

template <class Real>
struct CrossEntropyBackward {
  const Real* dloss;            // (1)
  const Real* logits;           // (N, V)
  const std::int32_t* targets;  // (N)
  const Real* max;              // (N)
  const Real* log_sum;          // (N)
  Real* dlogits;                // (N, V)  +=
  std::int64_t N, V;
  std::int64_t counted;
};

}  // namespace carousel
