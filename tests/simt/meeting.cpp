// Barriers, shuffles and votes: the last thread that arrives wakes the others and goes on.
#include <bit>

#include "tests/simt/executor.h"

namespace simt {
namespace {

void check_place(const Place& expected, const Place& here) {
  if (expected == here) [[likely]]
    return;
  fault(fmt::format("is at {} while other threads wait at {}", text(here), text(expected)));
}

// One more thread has come to a barrier of `size`; true for the last.
[[gnu::always_inline]] inline bool arrive(unsigned& arrived, unsigned size, Queue& waiting,
                                          const Place& place) {
  if (++arrived == size) {
    arrived = 0;
    return true;
  }
  waiting.push(*running);
  wait(place);
  return false;
}

// All that the blocks [first, first + n) did before lies behind a barrier.
void pass(unsigned first, unsigned n) {
  ++clock;
  for (unsigned i = first; i < first + n; ++i) executor.states[i]->block.since = clock;
}

[[gnu::always_inline]] inline void meet_block(State& state, const Place& place, bool vote) {
  if (state.arrived == 0)
    state.place = place;
  else
    check_place(state.place, place);
  state.votes += vote;
  if (!arrive(state.arrived, executor.block_threads, state.waiting, place)) return;
  state.result = state.votes;
  state.votes = 0;
  state.block.since = ++clock;
  executor.ready.take_all(state.waiting);
}

void meet_cluster(const Place& place) {
  const unsigned first = first_of_cluster(), n = cluster_blocks();
  State& state = *executor.states[first];
  if (!arrive(state.cluster_arrived, n * executor.block_threads, state.cluster_waiting, place))
    return;
  pass(first, n);
  executor.ready.take_all(state.cluster_waiting);
}

void meet_grid(const Place& place) {
  if (!executor.launch->cooperative) fault("grid.sync in a launch that is not cooperative");
  if (!arrive(executor.grid_arrived, executor.threads, executor.grid_waiting, place)) return;
  pass(0, executor.blocks);
  executor.ready.take_all(executor.grid_waiting);
}

std::uint64_t vote(const Warp& warp, unsigned mask) {
  std::uint64_t ballot = 0;
  for (unsigned m = mask; m != 0; m &= m - 1) {
    const int lane = std::countr_zero(m);
    if (warp.lanes[lane].value != 0) ballot |= std::uint64_t{1} << lane;
  }
  return ballot;
}

std::uint64_t sum(const Warp& warp, unsigned mask) {
  std::uint64_t total = 0;
  for (unsigned m = mask; m != 0; m &= m - 1) total += warp.lanes[std::countr_zero(m)].value;
  return total;
}

void shuffle(Warp& warp, unsigned mask) {
  std::uint64_t values[32];
  for (unsigned m = mask; m != 0; m &= m - 1) {
    const int lane = std::countr_zero(m);
    const unsigned source = warp.lanes[lane].source;
    if ((mask >> source & 1u) == 0)
      fault(fmt::format("a shuffle asks lane {}, which is not in the mask", source));
    values[lane] = warp.lanes[source].value;
  }
  for (unsigned m = mask; m != 0; m &= m - 1)
    warp.lanes[std::countr_zero(m)].value = values[std::countr_zero(m)];
}

// Each lane of the mask has given its value, and finds its result in the same place.
void exchange(Warp& warp, Meeting meeting, unsigned mask) {
  if (meeting == Meeting::shuffle) return shuffle(warp, mask);
  if (meeting == Meeting::fragments) {
    if (warp.lanes[0].value != 0) multiply_fragments(warp);
    return;
  }
  if (meeting == Meeting::warp) {
    warp.since = ++clock;
    return;
  }
  const std::uint64_t result = meeting == Meeting::sum ? sum(warp, mask) : vote(warp, mask);
  for (unsigned m = mask; m != 0; m &= m - 1) warp.lanes[std::countr_zero(m)].value = result;
}

void check_lanes(const Warp& warp, const Place& place, unsigned mask, unsigned lane) {
  if ((mask >> lane & 1u) == 0) fault(fmt::format("is not in its own mask {:#x}", mask));
  const unsigned present = warp.arrived & mask;
  if (present == 0) return;
  const Lane& other = warp.lanes[std::countr_zero(present)];
  if (other.place.meeting != place.meeting) check_place(other.place, place);
  if (other.mask != mask)
    fault(fmt::format("names the lanes {:#x}, and lane {} the lanes {:#x}", mask,
                      std::countr_zero(present), other.mask));
}

}  // namespace

unsigned first_of_cluster() {
  const unsigned n = cluster_blocks();
  for (unsigned first = 0;; first += n)
    for (unsigned i = first; i < first + n; ++i)
      if (&executor.states[i]->block == current->block) return first;
}

int meet(const Place& place, bool vote) {
  State& state = state_of(*running);
  switch (place.meeting) {
    case Meeting::cluster:
      return meet_cluster(place), 1;
    case Meeting::grid:
      return meet_grid(place), 1;
    default:
      meet_block(state, place, vote);
  }
  if (place.meeting == Meeting::block_or) return state.result > 0;
  if (place.meeting == Meeting::block_and) return state.result == executor.block_threads;
  return static_cast<int>(state.result);
}

std::uint64_t meet_lanes(const Place& place, unsigned mask, std::uint64_t value, unsigned source) {
  Fiber& self = *running;
  Warp& warp = *self.thread.warp;
  const unsigned lane = self.thread.number % 32u;
  check_lanes(warp, place, mask, lane);
  warp.lanes[lane] = {value, source, mask, place, &self};
  warp.arrived |= 1u << lane;
  if ((warp.arrived & mask) != mask) {
    self.mask = mask;
    wait(place);
    return warp.lanes[lane].value;
  }
  warp.arrived &= ~mask;
  exchange(warp, place.meeting, mask);
  for (unsigned m = mask & ~(1u << lane); m != 0; m &= m - 1)
    executor.ready.push(*warp.lanes[std::countr_zero(m)].fiber);
  return warp.lanes[lane].value;
}

}  // namespace simt
