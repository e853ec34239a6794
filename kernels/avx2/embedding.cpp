#include "kernels/embedding.h"

#include <algorithm>

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/row_sums.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

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
  parallel_for(a.C, 128, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = 0; n < a.N; ++n) {
      add_to(a.dweight + a.ids[n] * a.C + begin, a.dy + n * a.C + begin, end - begin);
    }
  });
}

template void embedding_forward(const EmbeddingForward<float>&);
template void embedding_forward(const EmbeddingForward<double>&);
template void embedding_backward(const EmbeddingBackward<float>&);
template void embedding_backward(const EmbeddingBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
