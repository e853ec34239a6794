// Forward: the scalars of all steps, the states at all boundaries of chunks (mlstm_recur), then all
// tiles of all chunks at once (mlstm_attend). Backward: the gradients of the states at the same
// boundaries, then dq̃, dk̃ and dv tile by tile, and the gates from what those leave behind.
//
// The result does not depend on the length of the chunks, so where no state is saved they are no
// shorter than a tile, and the parallel form is one chunk of all steps: scores of all pairs
// of tiles, none of which is ever stored. FLOPs per task, forward: 2 S DHqk DHv for the states, as
// many for reading them, and S L (DHqk + DHv) for the pairs.

#include <algorithm>

#include "core/tensor.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/mlstm_attend.h"
#include "kernels/cuda/mlstm_gate_gradients.h"
#include "kernels/cuda/mlstm_recur.h"
#include "kernels/cuda/tile_product_bf16.h"

namespace carousel::cuda {

namespace {

template <class Real>
MlstmTiles tiles_of(const MlstmInputs<Real>& in, std::int64_t chunk_size) {
  return {in.B * in.NH, in.S, in.NH, chunk_size};
}

// States at the boundaries between chunks, in memory of their own.
template <class Element>
class InnerStates {
 public:
  InnerStates(const MlstmInputs<Element>& in, const MlstmTiles& tiles) {
    const std::int64_t count = tiles.tasks * (tiles.chunks - 1);
    size_ = count * in.DHqk * in.DHv;
    memory_ = Tensor<Wide<Element>>({size_ + count * in.DHqk}, Device::cuda);
  }
  Wide<Element>* c() { return memory_.mutable_data(); }
  Wide<Element>* n() { return c() + size_; }

 private:
  std::int64_t size_;
  Tensor<Wide<Element>> memory_;
};

// The rows q̃, k̃ and v̂.
template <class Element>
struct Rows {
  using Real = Wide<Element>;
  MlstmRows<Element> q, k, v;

  explicit Rows(const MlstmInputs<Element>& in)
      : q{in.q, static_cast<int>(in.DHqk), static_cast<Real>(in.query_scale), nullptr, nullptr},
        k{in.k, static_cast<int>(in.DHqk), static_cast<Real>(in.key_scale), nullptr, nullptr},
        v{in.v, static_cast<int>(in.DHv), Real(1), nullptr, nullptr} {}
};

// The initial state, and those between the chunks.
template <class Element, class Real = Wide<Element>>
MlstmStates<Real> states_from(const MlstmInputs<Element>& in, const MlstmTiles& tiles,
                              const Real* inner_c, const Real* inner_n) {
  return {in.c0, in.n0, inner_c, inner_n, 0, tiles.chunks - 1, in.DHqk, in.DHv};
}

// What the gradients of q and k leave for those of the gates.
struct GateSums {
  Tensor<double> memory;
  double *outside_q, *outside_k, *crossing_q, *crossing_k, *crossing_state, *dm, *di, *dlog_f;

  GateSums(const MlstmTiles& tiles, std::int64_t groups, std::int64_t state_blocks) {
    const std::int64_t steps = tiles.tasks * tiles.S;
    const std::int64_t pairs = groups * tiles.tasks * tiles.count * tiles.per_chunk;
    memory = Tensor<double>(
        {(2 * groups + 3) * steps + 2 * pairs + tiles.tasks * tiles.chunks * state_blocks},
        Device::cuda);
    outside_q = memory.mutable_data();
    outside_k = outside_q + groups * steps;
    crossing_q = outside_k + groups * steps;
    crossing_k = crossing_q + pairs;
    dm = crossing_k + pairs;
    di = dm + steps;
    dlog_f = di + steps;
    crossing_state = dlog_f + steps;
  }
};

// The rows' gradients, and those of the gates from what they leave.
template <class Element>
struct Backward {
  using Real = Wide<Element>;
  const MlstmBackward<Element>& a;
  const MlstmTiles& tiles;
  const MlstmScalars& scalars;
  Rows<Element> rows;
  MlstmRows<Element> g;
  MlstmStates<Real> states, dstates;
  GateSums* sums;  // null: the gates' gradients are not wanted

  MlstmAttend<Element> attend(bool later, const MlstmRows<Element>& x_, const MlstmRows<Element>& y,
                              const MlstmRows<Element>& z, bool transposed, Element* out) const {
    return {.tiles = tiles,
            .scalars = scalars,
            .later = later,
            .x = x_,
            .y = y,
            .z = z,
            .dz = z.width,
            .states = later ? dstates : states,
            .transposed = transposed,
            .out = out};
  }

  void queries() const {
    auto d = attend(false, g, rows.v, rows.k, true, a.dq);
    d.factor = rows.q.factor;
    if (sums != nullptr) {
      d.along = rows.q;
      d.outside = sums->outside_q;
      d.crossing = sums->crossing_q;
    }
    if (a.dq != nullptr || sums != nullptr) mlstm_attend(d);
  }
  void keys() const {
    auto d = attend(true, rows.v, g, rows.q, true, a.dk);
    d.factor = rows.k.factor;
    if (sums != nullptr) {
      d.along = rows.k;
      d.outside = sums->outside_k;
      d.crossing = sums->crossing_k;
    }
    if (a.dk != nullptr || sums != nullptr) mlstm_attend(d);
  }
  void values() const {
    if (a.dv != nullptr) mlstm_attend(attend(true, rows.k, rows.q, g, false, a.dv));
  }
  void gates(int groups, int state_blocks) const {
    if (sums == nullptr) return;
    mlstm_gate_gradients<Element>({tiles,
                                   scalars,
                                   a.in,
                                   rows.q,
                                   rows.k,
                                   rows.v,
                                   g,
                                   sums->outside_q,
                                   sums->outside_k,
                                   sums->crossing_q,
                                   sums->crossing_k,
                                   groups,
                                   sums->crossing_state,
                                   state_blocks,
                                   sums->dm,
                                   a.dm,
                                   sums->di,
                                   sums->dlog_f,
                                   a.di,
                                   a.df,
                                   a.dm0});
  }
};

// chunk_size is that of the kernels: a.in.chunk_size where states are saved, forward and backward,
// else any.
template <class Element>
void forward(const MlstmForward<Element>& a, std::int64_t chunk_size, bool save) {
  using Real = Wide<Element>;
  const auto& in = a.in;
  if (in.B * in.NH == 0) return;
  const MlstmTiles tiles = tiles_of(in, chunk_size);
  const MlstmScalarMemory<Element> scalars(in, tiles, a.m);
  const Rows<Element> rows(in);
  const int DHqk = static_cast<int>(in.DHqk), DHv = static_cast<int>(in.DHv);
  InnerStates<Element> own(in, save ? tiles_of(in, in.S) : tiles);
  Real* const inner_c = save ? a.chunk_c : own.c();
  Real* const inner_n = save ? a.chunk_n : own.n();

  mlstm_recur<Element>({.tiles = tiles,
                        .scalars = scalars.get(),
                        .backward = false,
                        .x = rows.k,
                        .z = rows.v,
                        .start = {in.c0, in.n0},
                        .DHqk = DHqk,
                        .DHv = DHv,
                        .inner_c = inner_c,
                        .inner_n = inner_n,
                        .end_c = a.c,
                        .end_n = a.n});
  mlstm_attend<Element>({.tiles = tiles,
                         .scalars = scalars.get(),
                         .later = false,
                         .x = rows.q,
                         .y = rows.k,
                         .z = rows.v,
                         .dz = DHv,
                         .states = states_from(in, tiles, inner_c, inner_n),
                         .transposed = false,
                         .out = a.h,
                         .den = a.den,
                         .eps = in.eps});
}

template <class Element>
void backward(const MlstmBackward<Element>& a, std::int64_t chunk_size) {
  using Real = Wide<Element>;
  const auto& in = a.in;
  if (in.B * in.NH == 0) return;
  const MlstmTiles tiles = tiles_of(in, chunk_size);
  const MlstmScalarMemory<Element> scalars(in, tiles, nullptr);
  const Rows<Element> rows(in);
  const int DHqk = static_cast<int>(in.DHqk), DHv = static_cast<int>(in.DHv);
  const int groups = mlstm_attend_groups<Element>(DHqk), blocks = mlstm_recur_blocks(DHqk, DHv);
  GateSums sums(tiles, groups, blocks);
  const bool gates = a.di != nullptr || a.df != nullptr || a.dm0 != nullptr;

  Tensor<Real> upstream({2, tiles.tasks * in.S}, Device::cuda);
  Real* const scale = upstream.mutable_data();
  Real* const delta = scale + tiles.tasks * in.S;
  mlstm_upstream<Element>(
      {tiles, scalars.get(), a.dh, a.h, a.den, DHv, in.eps, scale, delta, sums.dm});
  const MlstmRows<Element> g{a.dh, DHv, Real(1), scale, delta};
  const auto states = states_from(in, tiles, a.chunk_c, a.chunk_n);

  InnerStates<Element> own(in, tiles);
  mlstm_recur<Element>({.tiles = tiles,
                        .scalars = scalars.get(),
                        .backward = true,
                        .x = rows.q,
                        .z = g,
                        .start = {a.dc, a.dn},
                        .DHqk = DHqk,
                        .DHv = DHv,
                        .inner_c = own.c(),
                        .inner_n = own.n(),
                        .end_c = in.c0 == nullptr ? nullptr : a.dc0,
                        .end_n = in.c0 == nullptr ? nullptr : a.dn0,
                        .add = true,
                        .before = states,
                        .crossing = gates ? sums.crossing_state : nullptr});

  const MlstmStates<Real> dstates{a.dc,    a.dn,  own.c(), own.n(), tiles.chunks, tiles.chunks - 1,
                                  in.DHqk, in.DHv};
  const Backward<Element> gradients{a, tiles,  scalars.get(), rows,
                                    g, states, dstates,       gates ? &sums : nullptr};
  gradients.queries();
  gradients.keys();
  gradients.values();
  gradients.gates(groups, blocks);
}

}  // namespace

template <class Real>
void mlstm_chunkwise_forward(const MlstmForward<Real>& a) {
  const bool save = a.chunk_c != nullptr;
  const std::int64_t L = a.in.chunk_size;
  forward(a, save ? L : std::max<std::int64_t>(L, tile_size), save);
}

template <class Real>
void mlstm_parallel_forward(const MlstmForward<Real>& a) {
  forward(a, a.in.S, false);
}

template <class Real>
void mlstm_chunkwise_backward(const MlstmBackward<Real>& a) {
  backward(a, a.in.chunk_size);
}
template <class Real>
void mlstm_recurrent_backward(const MlstmBackward<Real>& a) {
  mlstm_chunkwise_backward(a);
}

template <class Real>
void mlstm_parallel_backward(const MlstmBackward<Real>& a) {
  backward(a, a.in.S);
}

#define CAROUSEL_INSTANTIATE(Real)                                    \
  template void mlstm_chunkwise_forward(const MlstmForward<Real>&);   \
  template void mlstm_chunkwise_backward(const MlstmBackward<Real>&); \
  template void mlstm_recurrent_backward(const MlstmBackward<Real>&); \
  template void mlstm_parallel_forward(const MlstmForward<Real>&);    \
  template void mlstm_parallel_backward(const MlstmBackward<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel::cuda
