// Backward without atomics: the tokens are sorted by id, in which order the rows of dy that belong
// to one id are a run. The order is cut into pieces of fixed size. A run that lies within a piece
// is added up and to dweight at once; of one that reaches into others every piece keeps a partial
// sum, and the piece where the run begins adds these up in a second kernel.

#include "core/tensor.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/sort.h"
#include "kernels/embedding.h"

namespace carousel::cuda {

namespace {

template <class Real>
struct Picked {
  EmbeddingForward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    store(a.y + i, load<width>(a.weight + a.ids[i / a.C] * a.C + i % a.C));
  }
};

constexpr std::int64_t piece = 32;

template <class Real>
struct Runs {
  EmbeddingBackward<Real> a;
  const std::int32_t* order;  // (N)  tokens, sorted by id
  Wide<Real>* partial;        // (2, pieces, C)  of the run at a piece's begin, and that at its end

  __device__ std::int32_t id(std::int64_t i) const { return a.ids[order[i]]; }
  __device__ bool same_run(std::int64_t i) const {  // as the token before it
    return i > 0 && i < a.N && id(i) == id(i - 1);
  }
  __device__ Wide<Real>* partial_sum(bool at_end, std::int64_t p, std::int64_t c) const {
    return partial + ((at_end ? (a.N + piece - 1) / piece : 0) + p) * a.C + c;
  }
};

// A block per piece; its threads have columns of their own.
template <int width, class Real>
__global__ void piece_kernel(Runs<Real> runs) {
  const auto& a = runs.a;
  const std::int64_t p = blockIdx.x, begin = p * piece, end = min(a.N, begin + piece);
  for (std::int64_t c = threadIdx.x * width; c < a.C; c += blockDim.x * width) {
    Elements<Wide<Real>, width> sum{};
    bool from_before = runs.same_run(begin);
    for (std::int64_t i = begin; i < end; ++i) {
      const auto dy = load<width>(a.dy + runs.order[i] * a.C + c);
      for (int k = 0; k < width; ++k) sum.at[k] += dy.at[k];
      const bool goes_on = runs.same_run(i + 1);
      if (goes_on && i + 1 < end) continue;
      if (from_before || goes_on) {
        store(runs.partial_sum(!from_before, p, c), sum);
      } else {
        add_to(a.dweight + runs.id(i) * a.C + c, sum);
      }
      sum = {};
      from_before = false;
    }
  }
}

// The runs that begin in one piece and end in another.
template <int width, class Real>
__global__ void join_kernel(Runs<Real> runs) {
  const auto& a = runs.a;
  const std::int64_t p = blockIdx.x, begin = p * piece, next = begin + piece;
  if (!runs.same_run(next)) return;
  const std::int32_t id = runs.id(next);
  const bool begins_before = runs.same_run(begin) && runs.id(begin) == id;
  if (begins_before) return;
  for (std::int64_t c = threadIdx.x * width; c < a.C; c += blockDim.x * width) {
    auto sum = load<width>(runs.partial_sum(true, p, c));
    for (std::int64_t q = p + 1; q * piece < a.N && runs.id(q * piece) == id; ++q) {
      const auto part = load<width>(runs.partial_sum(false, q, c));
      for (int k = 0; k < width; ++k) sum.at[k] += part.at[k];
    }
    add_to(a.dweight + id * a.C + c, sum);
  }
}

}  // namespace

template <class Real>
void embedding_forward(const EmbeddingForward<Real>& a) {
  for_each_element<Real>(a.N * a.C, {a.weight, a.y}, Picked<Real>{a}, {a.C});
}

template <class Real>
void embedding_backward(const EmbeddingBackward<Real>& a) {
  if (a.dweight == nullptr || a.N * a.C == 0) return;
  const auto order = sorted_places(a.ids, a.N, a.V);
  const std::int64_t pieces = (a.N + piece - 1) / piece;
  Tensor<Wide<Real>> partial({2, pieces, a.C}, Device::cuda);
  const Runs<Real> runs{a, order.data(), partial.mutable_data()};
  const bool wide = packs_fit<Real>({a.dy, a.dweight}, {a.C});
  const std::int64_t packs = wide ? a.C / pack<Real> : a.C;
  const auto grid = static_cast<unsigned>(pieces);
  const auto block = static_cast<unsigned>(std::min<std::int64_t>((packs + 31) / 32 * 32, 256));
  launch(wide ? piece_kernel<pack<Real>, Real> : piece_kernel<1, Real>, grid, block, 0, runs);
  launch(wide ? join_kernel<pack<Real>, Real> : join_kernel<1, Real>, grid, block, 0, runs);
}

template void embedding_forward(const EmbeddingForward<float>&);
template void embedding_forward(const EmbeddingForward<double>&);
template void embedding_forward(const EmbeddingForward<bf16>&);
template void embedding_backward(const EmbeddingBackward<float>&);
template void embedding_backward(const EmbeddingBackward<double>&);
template void embedding_backward(const EmbeddingBackward<bf16>&);

}  // namespace carousel::cuda
