// What a call of a model or layer is told beside its input and state.
#pragma once

#include <optional>
#include <string_view>

#include "core/random.h"
#include "ops/dropout.h"

namespace carousel {

struct CallOptions {
  // (B, S), or undefined: where nonzero a document begins, and what came before is forgotten.
  Tensor<std::int32_t> reset = {};
  // Set in training: where the dropout masks come from. Take another stream, or another step of it,
  // every time.
  std::optional<DropoutStream> dropout = {};

  // The same for a member: each place that drops has a stream of its own.
  CallOptions named(std::string_view member) const {
    return {reset, dropout ? std::optional(dropout->named(member)) : std::nullopt};
  }

  // x with some elements dropped in training, x itself otherwise.
  template <class Real>
  Var<Real> drop(const Var<Real>& x, double probability) const {
    return dropout && probability > 0 ? carousel::dropout(x, probability, *dropout) : x;
  }
};

}  // namespace carousel
