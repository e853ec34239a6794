// The chunkwise form in products of matrices: per head and piece of T steps, in the notation of
// kernels/reference/mlstm_chunkwise.cpp and with κ for both scales together,
//
//   A = κ (Q Kᵀ) ⊙ D                          den_t = Σ_s A_ts + e_t q̃_t·n_0
//   H = (A V + (e ⊙ Q̃) C_0) / N               N_t from den_t, in the rows of A and e ⊙ Q̃
//   C_T = e_T C_0 + (D_T ⊙ K̃)ᵀ V              n_T = e_T n_0 + (D_T ⊙ K̃)ᵀ 1
//
// Q, K, V and H stay where they are.

#include <vector>

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/mlstm_chunk.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

namespace {

// What forward holds of a piece.
template <class Real>
struct Tile {
  std::int64_t columns;  // L, padded
  Real* keys;            // (DHqk, columns)   Kᵀ
  Real* A;               // (L, columns)
  Real* rows;            // (L, DHqk)         of Q or K, scaled
  double* D;             // (columns)         a row of D

  Tile(const MlstmInputs<Real>& in, Real* memory, double* decays)
      : columns(padded<Real>(std::min(in.S, in.chunk_size))),
        keys(memory),
        A(keys + in.DHqk * columns),
        rows(A + columns * columns),
        D(decays) {}

  static std::int64_t size(const MlstmInputs<Real>& in) {
    const std::int64_t columns = padded<Real>(std::min(in.S, in.chunk_size));
    return columns * (2 * in.DHqk + columns);
  }
};

// From A = Q Kᵀ: den, A / N and the rows e ⊙ Q̃ / N. Leaves the last row of D, and returns e_T.
template <class Real>
double weigh(const MlstmForward<Real>& a, const MlstmPiece& piece, const MlstmStep* steps,
             const Real* n, const Tile<Real>& tile) {
  using P = Pack<Real>;
  const auto& in = a.in;
  const P kappa = static_cast<Real>(in.query_scale * in.key_scale);
  std::fill_n(tile.D, tile.columns, 0.0);
  double carried = 1;
  for (std::int64_t t = 0; t < piece.size(); ++t) {
    const MlstmStep& step = steps[piece.begin + t];
    const std::int64_t row = mlstm_row(in, piece.task, piece.begin + t);
    const Real* const q = in.q + row * in.DHqk;
    Real* const A = tile.A + t * tile.columns;
    next_decay_row(tile.D, t, step);
    carried *= step.decay;

    P total;
    for_packs<Real>(0, t + 1, [&](std::int64_t s, auto part) {
      const P weight = P::load(A + s, part) * (kappa * load_rounded<Real>(tile.D + s));
      weight.store(A + s);
      total = total + weight;
    });
    Real den = sum(total);
    const double query_scale = carried * in.query_scale;
    if (!piece.fresh) den += static_cast<Real>(query_scale) * dot(q, n, in.DHqk);
    a.den[row] = den;

    const double scale = 1 / reference::mlstm_normaliser(static_cast<double>(den), step.m, in.eps);
    const std::int64_t width = padded<Real>(t + 1);
    scale_row(scale, A, A, width);
    std::fill(A + width, A + tile.columns, Real{0});
    if (!piece.fresh) scale_row(query_scale * scale, q, tile.rows + t * in.DHqk, in.DHqk);
  }
  return carried;
}

template <class Real>
void forward_piece(const MlstmForward<Real>& a, const MlstmPiece& piece, const MlstmStep* steps,
                   const MlstmState<const Real>& before, const MlstmState<Real>& after,
                   const Tile<Real>& tile) {
  const auto& in = a.in;
  const std::int64_t DHqk = in.DHqk, DHv = in.DHv, T = piece.size();
  const std::int64_t first = mlstm_row(in, piece.task, piece.begin);
  transpose(in.k + first * DHqk, in.NH * DHqk, T, DHqk, tile.keys, tile.columns);
  multiply_to_lower<Real>({.M = T,
                           .N = T,
                           .K = DHqk,
                           .a = in.q + first * DHqk,
                           .a_row = in.NH * DHqk,
                           .a_column = 1,
                           .b = tile.keys,
                           .b_row = tile.columns,
                           .c = tile.A,
                           .c_row = tile.columns});
  const double carried = weigh(a, piece, steps, before.n, tile);

  Product<Real> h{.M = T,
                  .N = DHv,
                  .K = DHqk,
                  .a = tile.rows,
                  .a_row = DHqk,
                  .a_column = 1,
                  .b = before.c,
                  .b_row = DHv,
                  .c = a.h + first * DHv,
                  .c_row = in.NH * DHv};
  if (!piece.fresh) multiply(h);
  h.a = tile.A;
  h.a_row = tile.columns;
  h.b = in.v + first * DHv;
  h.b_row = in.NH * DHv;
  h.accumulate = !piece.fresh;
  multiply_by_lower(h);

  for (std::int64_t s = 0; s < T; ++s) {
    scale_row(in.key_scale * tile.D[s], in.k + (first + s * in.NH) * DHqk, tile.rows + s * DHqk,
              DHqk);
  }
  constexpr Real one = 1;
  update_state<Real>({.DHqk = DHqk,
                      .DHv = DHv,
                      .T = T,
                      .carried = carried,
                      .fresh = piece.fresh,
                      .before = before,
                      .after = after,
                      .rows = tile.rows,
                      .values = in.v + first * DHv,
                      .value_row = in.NH * DHv,
                      .last = &one,
                      .last_row = 0});
}

template <class Real>
void forward_task(const MlstmForward<Real>& a, std::int64_t task,
                  const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  std::vector<double> decays(
      static_cast<std::size_t>(padded<float>(std::min(in.S, in.chunk_size))));
  const Tile<Real> tile(in, scratch.memory, decays.data());
  const MlstmStates<Real> states(a, task);
  MlstmState<const Real> before = states.initial();
  for (std::int64_t begin = 0, end = 0; begin < in.S; begin = end) {
    for (end = begin + 1; end < in.S && !reference::mlstm_starts_piece(in, task, end);) ++end;
    const MlstmState<Real> after = states.before(end);
    const bool fresh = reference::mlstm_fresh(in, task, begin);
    forward_piece(a, {task, begin, end, fresh}, scratch.steps, before, after, tile);
    before = {after.c, after.n};
  }
  a.m[task] = static_cast<Real>(scratch.steps[in.S - 1].m);
}

}  // namespace

template <class Real>
void mlstm_chunkwise_forward(const MlstmForward<Real>& a) {
  reference::mlstm_tasks(a.in, Tile<Real>::size(a.in),
                         [&](std::int64_t task, const MlstmScratch<Real>& scratch) {
                           forward_task(a, task, scratch);
                         });
}

template void mlstm_chunkwise_forward(const MlstmForward<float>&);
template void mlstm_chunkwise_forward(const MlstmForward<double>&);

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
