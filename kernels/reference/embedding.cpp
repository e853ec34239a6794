//   y[n] = weight[ids[n]]        dweight[ids[n]] += dy[n]

#include "kernels/embedding.h"

#include <algorithm>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

template <class Real>
void embedding_forward(const EmbeddingForward<Real>& a) {
  parallel_for(a.N, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      std::copy_n(a.weight + a.ids[n] * a.C, a.C, a.y + n * a.C);
    }
  });
}

// An id may occur many times, so tokens stay in order and the columns are what is shared out.
template <class Real>
void embedding_backward(const EmbeddingBackward<Real>& a) {
  if (a.dweight == nullptr) return;
  parallel_for(a.C, std::max<std::int64_t>(16, grain_for(a.N)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t n = 0; n < a.N; ++n) {
                   const Real* const dy = a.dy + n * a.C;
                   Real* const dweight = a.dweight + a.ids[n] * a.C;
                   for (std::int64_t c = begin; c < end; ++c) dweight[c] += dy[c];
                 }
               });
}

template void embedding_forward(const EmbeddingForward<float>&);
template void embedding_forward(const EmbeddingForward<double>&);
template void embedding_backward(const EmbeddingBackward<float>&);
template void embedding_backward(const EmbeddingBackward<double>&);

}  // namespace carousel::reference
