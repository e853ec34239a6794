// State: what a model remembers between calls, as values that go in and come out. What comes out is
// on the model's device, where what goes in must be.
#pragma once

#include <vector>

#include "autograd/var.h"

namespace carousel {

// One block's memory; a default-constructed one is fresh.
template <class Real>
struct BlockState {
  Var<Real> conv;               // (B, KS − 1, C), undefined without a convolution
  std::vector<Var<Real>> cell;  // sLSTM: h, c, n, m; LSTM: h, c, each (B, NH, DH)
                                // mLSTM: C (B, NH, DH, DH), n (B, NH, DH), m (B, NH)
};

template <class Real>
struct ModelState {
  std::vector<BlockState<Real>> blocks;  // none: fresh
};

// What a block, layer or cell returns: an output per position, and what to pass to the next call.
template <class Real>
struct LayerResult {
  Var<Real> y;
  BlockState<Wide<Real>> state;
};

template <class Real>
struct CellResult {
  Var<Real> h;
  std::vector<Var<Wide<Real>>> state;
};

// The same state on a device, as constants.
template <class Real>
ModelState<Real> to(const ModelState<Real>& state, Device device) {
  ModelState<Real> result;
  for (const auto& block : state.blocks) {
    auto& there = result.blocks.emplace_back(BlockState<Real>{block.conv.value.to(device), {}});
    for (const auto& var : block.cell) there.cell.emplace_back(var.value.to(device));
  }
  return result;
}

// The same state as constants: cuts the graph between the segments of truncated backpropagation.
template <class Real>
ModelState<Real> detach(const ModelState<Real>& state) {
  ModelState<Real> result;
  for (const auto& block : state.blocks) {
    auto& cut = result.blocks.emplace_back(BlockState<Real>{detach(block.conv), {}});
    for (const auto& var : block.cell) cut.cell.push_back(detach(var));
  }
  return result;
}

}  // namespace carousel
