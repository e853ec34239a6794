// The executor's own state: one launch at a time, on the machine's thread that launches.
#pragma once

#include <fmt/format.h>
#include <simt/launch.h>
#include <simt/shared_pointer.h>

#include <bitset>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/simt/fiber.h"

namespace simt {

// Of one block that is resident.
struct State {
  struct Region {
    std::size_t byte, bytes, element;
    bool operator==(const Region&) const = default;
  };
  struct Free {
    void operator()(unsigned char* p) const { std::free(p); }
  };

  Block block;  // first, so that a Block* leads here
  uint3 index{};
  Warp warps[32];
  std::bitset<1024> returned;
  std::unique_ptr<unsigned char, Free> shared;
  std::size_t shared_bytes = ~std::size_t{0};
  std::vector<Cell> cells;      // one for each byte: an element uses one of those it lies on
  std::vector<Region> regions;  // of shared memory that were taken

  // The barrier of the block and, in the first block of a cluster, that of the cluster.
  unsigned arrived = 0, votes = 0, result = 0, cluster_arrived = 0;
  Place place;
  Queue waiting, cluster_waiting;

  void prepare(std::size_t bytes, unsigned threads);
};

struct Executor {
  struct Abort {};  // unwinds a thread that waits
  Fiber* launcher = nullptr;
  std::vector<Fiber*> fibers;
  Queue idle, ready;
  std::vector<std::unique_ptr<State>> states;  // of the blocks that run together

  const Launch* launch = nullptr;
  const void* arguments = nullptr;
  unsigned block_threads = 0, blocks = 0;
  unsigned threads = 0, started = 0, ended = 0;  // of all blocks that run together
  bool aborting = false;
  std::string sentence;  // what went wrong

  unsigned grid_arrived = 0;
  Queue grid_waiting;
};
extern Executor& executor;

inline State& state_of(const Fiber& fiber) { return *reinterpret_cast<State*>(fiber.thread.block); }
// The position of the first block of the running block's cluster, among those that run together.
unsigned first_of_cluster();

void run_threads();  // the body of every fiber
Fiber& fiber_for_next_thread();

// The fiber that goes on when the running one cannot.
[[gnu::always_inline]] inline Fiber& next_fiber() {
  Executor& e = executor;
  if (e.aborting) [[unlikely]]
    return *e.launcher;
  if (e.started < e.threads) return fiber_for_next_thread();
  return e.ready.first == nullptr ? *e.launcher : e.ready.pop();
}

// Until some other thread makes this one ready.
[[gnu::always_inline]] inline void wait(const Place& place) {
  running->waits = place;
  switch_to(next_fiber());
  if (executor.aborting) [[unlikely]]
    throw Executor::Abort{};
}

std::string text(const Place& place);
std::string explain_standstill();  // who waits for whom, when no thread can go on
void multiply_fragments(Warp& warp);

}  // namespace simt
