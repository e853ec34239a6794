// What the mathematics asks for: floating-point operations and bytes of kernels and models. A
// fused multiply-add is two operations.
//
// Model FLOPs count the multiply-adds of the projections, the head and the cells' products, and
// nothing else: no norms, activations, gates or convolutions, nothing that is computed twice. With
// d the embedding, I the width inside an mLSTM layer, U that of a feed-forward, V the vocabulary,
// NH heads, bs the block size of q, k, v, L the chunk size, forward takes for every token
//
//   mLSTM     2 (2 d I + 3 bs I + 6 NH I + I d) + cell
//   cell      2 I (L + 1)               of (q kᵀ) v, where on average (L + 1) / 2 keys of the chunk
//                                       are not in the future
//           + 4 I (I / NH) (1 − L / S)  the states: C += k vᵀ is for nothing in the last chunk,
//                                       and Cᵀ q is zero in the first
//   sLSTM     8 d (d / NH) of W x, and as many of R h
//   feed-forward  6 d U
//   head      2 d V
//
// Backward takes twice that: the product of a gradient with either factor.
#pragma once

#include <string>
#include <vector>

#include "nn/language_model.h"

namespace carousel::bench {

// A dense projection: y (N, outputs) = x (N, inputs) weightᵀ.
struct Projection {
  std::string name;
  std::int64_t outputs, inputs;
};

// Of one block, and the head as the last: all dense projections, in the order of computation.
std::vector<Projection> block_projections(const ModelConfig& config, std::int64_t block);
Projection head_projection(const ModelConfig& config);

// The mLSTM cell, forward, for S tokens of all NH heads.
double mlstm_cell_flops(std::int64_t S, std::int64_t NH, std::int64_t DHqk, std::int64_t DHv,
                        std::int64_t chunk_size);

// Model FLOPs per token of sequences of length S.
double forward_flops(const ModelConfig& config, std::int64_t S);
inline double training_flops(const ModelConfig& config, std::int64_t S) {
  return 3 * forward_flops(config, S);
}

// Bytes that one decode step must read of the weights, all but the rows of the embedding table that
// are not the token's, and those of the state, half of them read and half written, float32.
struct DecodeBytes {
  double weights, state;
};
DecodeBytes decode_bytes(const LanguageModel<float>& model);

}  // namespace carousel::bench
