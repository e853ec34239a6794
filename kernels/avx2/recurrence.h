// The loops that slstm and lstm share. A task owns one head of a few sequences for all of S: time
// is a plain loop in it, without a barrier, and R of the head stays in the core's cache.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "core/parallel.h"
#include "kernels/avx2/math.h"
#include "kernels/avx2/pack.h"
#include "kernels/avx2/recurrence_panels.h"
#include "kernels/recurrence.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

// One step of one head in one sequence.
struct Place {
  std::int64_t b, t, head;
};

// Where the DH values of a place start in an array (B, S, NH, DH).
template <class Args>
inline std::int64_t row(const Args& a, const Place& p) {
  return ((p.b * a.S + p.t) * a.NH + p.head) * a.DH;
}

// Where the DH values of its sequence and head start in an array (B, NH, DH).
template <class Args>
inline std::int64_t state_row(const Args& a, const Place& p) {
  return (p.b * a.NH + p.head) * a.DH;
}

// A state before the step at p: DH values, or zeros where nothing is carried into the step.
template <class Args, class Real>
inline const Real* before(const Args& a, const Real* states, const Real* initial, const Real* zeros,
                          const Place& p) {
  if (a.reset != nullptr && a.reset[p.b * a.S + p.t] != 0) return zeros;
  if (p.t > 0) return states + row(a, {p.b, p.t - 1, p.head});
  return initial == nullptr ? zeros : initial + state_row(a, p);
}

// One head of a few sequences: together they read R once per step.
struct Tile {
  static constexpr std::int64_t most = 8;
  std::int64_t head, begin, end;  // of the sequences
  std::int64_t size() const { return end - begin; }
};

inline std::int64_t tiles_of(std::int64_t B) { return (B + Tile::most - 1) / Tile::most; }

// Runs body(task, tile) for all tiles, in parallel. Tasks of the same head follow each other.
template <class Args, class Body>
void for_tiles(const Args& a, const Body& body) {
  const std::int64_t tiles = tiles_of(a.B);
  if (tiles == 0) return;
  const std::int64_t cost = (a.B + tiles - 1) / tiles * a.S * 4 * a.DH * (a.DH + 32);
  parallel_for(a.NH * tiles, grain_for(cost), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t task = first; task < last; ++task) {
      const std::int64_t i = task % tiles;
      body(task, Tile{task / tiles, i * a.B / tiles, (i + 1) * a.B / tiles});
    }
  });
}

// R h_{t−1} of one tile.
template <class Real>
class Mixing {
 public:
  Mixing(const RecurrenceForward<Real>& a, const Tile& tile);

  // For all sequences of the tile, (4·DH) each.
  void step(std::int64_t t, Ahead<Real>& ahead);
  Real* of(std::int64_t b) { return mixed.data() + (b - tile.begin) * 4 * a.DH; }

 private:
  const RecurrenceForward<Real>& a;
  const Tile tile;
  std::vector<Real> zeros, mixed;
  Panels<Real> panels;
  bool packed = false;
};

// The gates of a place, stored for backward, and what activate makes of them, which replaces
// R h_{t−1} at mixed, (4·DH).
template <class Real, class Activate>
inline void compute_gates(const RecurrenceForward<Real>& a, const Place& p, Real* mixed,
                          const Activate& activate) {
  using P = Pack<Real>;
  const std::int64_t DH = a.DH, bias_step = a.NH * DH, at = row(a, p);
  const Real* const bias = a.bias + p.head * DH;
  const std::array x{a.x[0] + at, a.x[1] + at, a.x[2] + at, a.x[3] + at};
  Real* const gates = a.gates + 4 * at;
  for_packs<Real>(0, DH, [&](std::int64_t j, auto part) {
    std::array<P, 4> g;
    for (std::size_t gate = 0; gate < 4; ++gate) {
      const auto k = static_cast<std::int64_t>(gate);
      const P input = P::load(x[gate] + j, part) + P::load(bias + k * bias_step + j, part);
      g[gate] = P::load(mixed + k * DH + j, part) + input;
      g[gate].store(gates + k * DH + j, part);
    }
    const std::array<P, 4> active = activate(g);
    for (std::size_t gate = 0; gate < 4; ++gate) {
      active[gate].store(mixed + static_cast<std::int64_t>(gate) * DH + j, part);
    }
  });
}

template <class Real>
using Arrays = std::initializer_list<const Real*>;

// The rows of one tile that every step reads and writes, also those of the states, (B, S, NH, DH).
// Going back, a step is the first to need the states before it, down to those of t = 0 at t = 1.
template <class Real>
Ahead<Real> rows_ahead(const RecurrenceForward<Real>& a, const Tile& tile, Arrays<Real> states);
template <class Real>
Ahead<Real> rows_ahead(const RecurrenceBackward<Real>& a, const Tile& tile, Arrays<Real> states);

// activate(g) is what a cell needs of its gates alone, a pack each. cell(p, active) gets it for all
// units, (4·DH), and writes h and its own states. Apart, the two have shorter chains of operations
// that wait for each other, of which the processor keeps several under way.
template <class Real, class Activate, class Cell>
void forward_steps(const RecurrenceForward<Real>& a, Arrays<Real> states, const Activate& activate,
                   const Cell& cell) {
  for_tiles(a, [&](std::int64_t, const Tile& tile) {
    Mixing<Real> mixing(a, tile);
    Ahead<Real> ahead = rows_ahead(a, tile, states);
    for (std::int64_t t = 0; t < a.S; ++t) {
      if (t + 1 < a.S) ahead.begin_step(tile.size() + advances<Real>(tile.size(), 4 * a.DH));
      mixing.step(t, ahead);
      for (std::int64_t b = tile.begin; b < tile.end; ++b) {
        const Place p{b, t, tile.head};
        compute_gates(a, p, mixing.of(b), activate);
        cell(p, mixing.of(b));
        ahead.advance();
      }
    }
  });
}

// The state after the last step: states (B, S, NH, DH) → last (B, NH, DH).
template <class Args, class Real>
void copy_last(const Args& a, const Real* states, Real* last) {
  const std::int64_t width = a.NH * a.DH;
  for (std::int64_t b = 0; b < a.B; ++b) {
    std::copy_n(states + ((b + 1) * a.S - 1) * width, width, last + b * width);
  }
}

// What reached a state before the first step goes to the initial state, if that is wanted.
template <class Real>
void add_state_gradient(const std::vector<Real>& gradient, Real* initial) {
  if (initial == nullptr) return;
  std::transform(gradient.begin(), gradient.end(), initial, initial, std::plus<>());
}

// The gradients of the gates of one tile, a block of steps at a time, and what they add to the
// gradients of R and b: only the sums leave the core's cache.
template <class Real>
class GateGradients {
 public:
  GateGradients(const RecurrenceBackward<Real>& a, const Tile& tile);

  // (4·DH), for a sequence of the current step.
  Real* of(std::int64_t b) { return dgates.data() + (used + b - tile.begin) * gates_row; }

  // Replaces dh, (B, NH, DH), by the part of dh_{t−1} that comes through R.
  void through_recurrent(std::int64_t t, Real* dh, Ahead<Real>& ahead);
  // The current step is done; t goes down from S − 1 to 0.
  void finish_step(std::int64_t t);

  std::vector<Real> drecurrent, dbias;  // (4·DH, DH) and (4·DH): complete when t = 0 is done

 private:
  void add_block();

  const RecurrenceBackward<Real>& a;
  const Tile tile;
  const std::int64_t gates_row, h_row;  // strides of the blocks
  std::int64_t used = 0;                // rows of the blocks
  std::vector<Real> zeros, dgates, h;   // h: the states before the steps
  Panels<Real> panels;
};

// Adds the gradients of R and b that the tasks have found.
template <class Real>
struct WeightGradients {
  std::vector<std::vector<Real>> drecurrent, dbias;  // per task
  void add_to(const RecurrenceBackward<Real>& a) const;
};

// σ(x) and σ(−x), neither of which loses digits.
template <class P>
struct Sigmoids {
  P at, opposite;
};
template <class P>
inline Sigmoids<P> sigmoids(P x) {
  const P one = 1, e = exp(-abs(x)), smaller = e / (one + e), larger = one - smaller;
  const P below = x < P();
  return {select(below, smaller, larger), select(below, larger, smaller)};
}

template <class Real>
inline void add_to_inputs(const RecurrenceBackward<Real>& a, const Place& p, const Real* dgates) {
  using P = Pack<Real>;
  for (Real* const dx : a.dx) {
    if (dx != nullptr) {
      for_packs<Real>(0, a.DH, [to = dx + row(a, p), dgates](std::int64_t j, auto part) {
        (P::load(to + j, part) + P::load(dgates + j, part)).store(to + j, part);
      });
    }
    dgates += a.DH;
  }
}

// cell(p, dh, dgates) gets what came back to h of p through R, (DH), and writes the gradients of
// the gates, (4·DH).
template <class Real, class Cell>
void backward_steps(const RecurrenceBackward<Real>& a, Arrays<Real> states, const Cell& cell) {
  std::vector<Real> dh(a.dh_last, a.dh_last + a.B * a.NH * a.DH);
  const auto tasks = static_cast<std::size_t>(a.NH * tiles_of(a.B));
  WeightGradients<Real> weights{.drecurrent = std::vector<std::vector<Real>>(tasks),
                                .dbias = std::vector<std::vector<Real>>(tasks)};
  for_tiles(a, [&](std::int64_t task, const Tile& tile) {
    GateGradients<Real> gradients(a, tile);
    Ahead<Real> ahead = rows_ahead(a, tile, states);
    for (std::int64_t t = a.S - 1; t >= 0; --t) {
      if (t >= 2) ahead.begin_step(tile.size() + advances<Real>(tile.size(), a.DH));
      for (std::int64_t b = tile.begin; b < tile.end; ++b) {
        const Place p{b, t, tile.head};
        cell(p, dh.data() + state_row(a, p), gradients.of(b));
        add_to_inputs(a, p, gradients.of(b));
        ahead.advance();
      }
      gradients.through_recurrent(t, dh.data(), ahead);
      gradients.finish_step(t);
    }
    weights.drecurrent[static_cast<std::size_t>(task)] = std::move(gradients.drecurrent);
    weights.dbias[static_cast<std::size_t>(task)] = std::move(gradients.dbias);
  });
  add_state_gradient(dh, a.dh0);
  weights.add_to(a);
}

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
