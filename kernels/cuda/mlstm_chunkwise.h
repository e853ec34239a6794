// The mLSTM chunk by chunk; with one chunk, it is the parallel form.
#pragma once

#include "kernels/cuda/mlstm_operands.h"
#include "kernels/mlstm.h"

namespace carousel::cuda {

// What has one element per channel, in the type in which it is multiplied. The pointers to Real of
// the same names are not read.
template <class Element>
struct MlstmForwardElements {
  const Element *q, *k, *v;
  Element* h;
};
template <class Element>
struct MlstmBackwardElements {
  const Element *q, *k, *v, *dh, *h;
  Element *dq, *dk, *dv;
};

// chunk_size is that of the kernels: a.in.chunk_size where states are saved, forward and backward,
// else any.
template <class Element>
void mlstm_forward(const MlstmForward<Wide<Element>>& a, const MlstmForwardElements<Element>& x,
                   std::int64_t chunk_size, bool save);
template <class Element>
void mlstm_backward(const MlstmBackward<Wide<Element>>& a, const MlstmBackwardElements<Element>& x,
                    std::int64_t chunk_size);

}  // namespace carousel::cuda
