// The loops that slstm and lstm share. A task owns one head of a few sequences for all of S; within
// it, time is a plain loop, and each step hands every sequence to the cell.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "core/parallel.h"
#include "kernels/recurrence.h"

namespace carousel::reference {

// One step of one head in one sequence.
struct Place {
  std::int64_t b, t, head;
};

// Where the DH values of a place start in an array (B, S, NH, DH).
template <class Args>
std::int64_t row(const Args& a, const Place& p) {
  return ((p.b * a.S + p.t) * a.NH + p.head) * a.DH;
}

// Where the DH values of its sequence and head start in an array (B, NH, DH).
template <class Args>
std::int64_t state_row(const Args& a, const Place& p) {
  return (p.b * a.NH + p.head) * a.DH;
}

// A state before the step at p: DH values, or null where all of them are zero.
template <class Args, class Real>
const Real* before(const Args& a, const Real* states, const Real* initial, const Place& p) {
  if (a.reset != nullptr && a.reset[p.b * a.S + p.t] != 0) return nullptr;
  if (p.t > 0) return states + row(a, {p.b, p.t - 1, p.head});
  return initial == nullptr ? nullptr : initial + state_row(a, p);
}

// One head of a few sequences: together they read each row of R once per step.
struct Tile {
  static constexpr std::int64_t sequences = 4;
  std::int64_t head, begin, end;  // of the sequences
};

// Runs body(tile) for all tiles, in parallel.
template <class Args, class Body>
void for_tiles(const Args& a, const Body& body) {
  const std::int64_t tiles = (a.B + Tile::sequences - 1) / Tile::sequences;
  const std::int64_t cost = Tile::sequences * a.S * 4 * a.DH * (a.DH + 32);
  parallel_for(a.NH * tiles, grain_for(cost), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t task = first; task < last; ++task) {
      const std::int64_t begin = task % tiles * Tile::sequences;
      body(Tile{task / tiles, begin, std::min(a.B, begin + Tile::sequences)});
    }
  });
}

// The steps of forward and backward that know nothing of the cell; see recurrence.cpp.
template <class Real>
std::vector<Real> recurrent_columns(const RecurrenceForward<Real>& a);
template <class Real>
void compute_gates(const RecurrenceForward<Real>& a, const std::vector<Real>& columns,
                   const Tile& tile, std::int64_t t);
template <class Real>
void add_to_inputs(const RecurrenceBackward<Real>& a, const Place& p);
template <class Real>
void through_recurrent(const RecurrenceBackward<Real>& a, const Tile& tile, std::int64_t t,
                       Real* dh);
template <class Real>
void add_weight_gradients(const RecurrenceBackward<Real>& a);

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

// cell(p) reads the gates of p and writes h and its own states.
template <class Real, class Cell>
void forward_steps(const RecurrenceForward<Real>& a, const Cell& cell) {
  const std::vector<Real> columns = recurrent_columns(a);
  for_tiles(a, [&](const Tile& tile) {
    for (std::int64_t t = 0; t < a.S; ++t) {
      compute_gates(a, columns, tile, t);
      for (std::int64_t b = tile.begin; b < tile.end; ++b) cell(Place{b, t, tile.head});
    }
  });
}

// cell(p, dh) gets the whole gradient of h at p, (DH), and writes dgates of p.
template <class Real, class Cell>
void backward_steps(const RecurrenceBackward<Real>& a, const Cell& cell) {
  std::vector<Real> dh(a.dh_last, a.dh_last + a.B * a.NH * a.DH);
  for_tiles(a, [&](const Tile& tile) {
    for (std::int64_t t = a.S - 1; t >= 0; --t) {
      for (std::int64_t b = tile.begin; b < tile.end; ++b) {
        const Place p{b, t, tile.head};
        Real* const dh_t = dh.data() + state_row(a, p);
        const Real* const upstream = a.dh + row(a, p);
        std::transform(dh_t, dh_t + a.DH, upstream, dh_t, std::plus<>());
        cell(p, dh_t);
        add_to_inputs(a, p);
      }
      through_recurrent(a, tile, t, dh.data());
    }
  });
  add_state_gradient(dh, a.dh0);
  add_weight_gradients(a);
}

}  // namespace carousel::reference
