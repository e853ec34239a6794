// What a kernel did wrong, in a sentence.
#include <tuple>

#include "tests/simt/executor.h"

namespace simt {
namespace {

const char* const kNames[] = {"",
                              "__syncthreads",
                              "__syncthreads_or",
                              "__syncthreads_and",
                              "__syncthreads_count",
                              "cluster.sync",
                              "grid.sync",
                              "__syncwarp",
                              "a shuffle",
                              "__ballot_sync",
                              "__any_sync",
                              "__all_sync",
                              "__reduce_add_sync",
                              "a load, store or product of fragments"};

std::string text(const uint3& i) { return fmt::format("({}, {}, {})", i.x, i.y, i.z); }

std::string where(const Thread& thread) {
  return fmt::format("kernel {}, block {}, thread {}", kernel_name(executor.launch->kernel, true),
                     text(thread.block_index), text(thread.index));
}

Fiber* fiber_of(const State& state, unsigned number) {
  for (Fiber* fiber : executor.fibers)
    if (fiber->busy && &state_of(*fiber) == &state && fiber->thread.number == number) return fiber;
  return nullptr;
}

std::string name_of(const Thread& of, unsigned number) {
  const Fiber* fiber = fiber_of(*reinterpret_cast<State*>(of.block), number);
  const unsigned x = blockDim.x, y = blockDim.y;
  return text(fiber != nullptr ? fiber->thread.index
                               : uint3{number % x, number / x % y, number / x / y});
}

bool waits_for_lane(const Fiber& fiber) { return fiber.waits.meeting >= Meeting::warp; }

// Why thread `number` of a block does not come to where `waiting` waits; empty if it does.
std::string absence(const Fiber& waiting, const State& state, unsigned number) {
  if (waits_for_lane(waiting)) {
    const bool asked =
        number / 32 == waiting.thread.number / 32u && (waiting.mask >> number % 32 & 1u) != 0;
    if (!asked) return "";
  }
  std::string thread = name_of({{}, {}, const_cast<Block*>(&state.block), nullptr, 0}, number);
  if (executor.blocks > 1) thread += " of block " + text(state.index);
  if (number >= executor.block_threads)
    return "lane " + std::to_string(number % 32) + ", which the block does not have";
  if (state.returned[number]) return "thread " + thread + ", which has returned";
  const Fiber* other = fiber_of(state, number);
  if (other == nullptr || other->waits.meeting == waiting.waits.meeting) return "";
  return "thread " + thread + ", which waits at " + text(other->waits);
}

// The first thread that `waiting` waits for in vain.
std::string absence(const Fiber& waiting) {
  const Meeting meeting = waiting.waits.meeting;
  const bool all_blocks = meeting == Meeting::grid || meeting == Meeting::cluster;
  const unsigned n =
      waits_for_lane(waiting) ? (waiting.thread.number | 31u) + 1 : executor.block_threads;
  for (unsigned b = 0; b < executor.blocks; ++b) {
    const State& state = *executor.states[b];
    if (!all_blocks && &state != &state_of(waiting)) continue;
    for (unsigned number = 0; number < n; ++number)
      if (std::string why = absence(waiting, state, number); !why.empty()) return why;
  }
  return "";
}

}  // namespace

std::string text(const Place& place) {
  const std::string file = place.file;
  return fmt::format("{} ({}:{})", kNames[static_cast<int>(place.meeting)],
                     file.substr(file.find_last_of('/') + 1), place.line);
}

void fault(std::string sentence) { throw Fault{where(*current) + ": " + sentence}; }

std::string explain_standstill() {
  const auto order = [](const Fiber* fiber) {
    const uint3& b = fiber->thread.block_index;
    return std::tuple(b.z, b.y, b.x, fiber->thread.number);
  };
  const Fiber* first = nullptr;
  for (const Fiber* fiber : executor.fibers)
    if (fiber->busy && (first == nullptr || order(fiber) < order(first))) first = fiber;
  return fmt::format("{}: waits at {} for {}", where(first->thread), text(first->waits),
                     absence(*first));
}

void out_of_bounds(std::int64_t index, std::int64_t count) {
  fault(fmt::format("element {} of a piece of shared memory of {}", index, count));
}
void misaligned(std::size_t alignment) {
  fault(fmt::format("a vector in shared memory that is not aligned to {} bytes", alignment));
}
void unwritten(std::int64_t index) {
  fault(fmt::format("reads element {} of a piece of shared memory, which nobody wrote", index));
}
void race(const char* now, const char* before, unsigned other) {
  const bool known = other != by_atomic && other != current->number;
  fault(fmt::format("{} shared memory that {} {} since the last barrier", now,
                    known ? "thread " + name_of(*current, other) : "another thread", before));
}

}  // namespace simt
