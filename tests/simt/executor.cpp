// Runs the blocks of a launch one after the other, or together where they may meet each other.
// A fiber runs thread after thread; when one has to wait, another fiber goes on with the next.
#include "tests/simt/executor.h"

#include <mutex>

dim3 blockDim, gridDim;

namespace simt {

Executor& executor = *new Executor;  // never destroyed: its fibers are in the middle of a loop
std::uint32_t clock = 1;

namespace {

std::uint64_t count(const dim3& d) { return std::uint64_t{d.x} * d.y * d.z; }

template <class Index>
uint3 unravel(Index i, const dim3& d) {
  return {static_cast<unsigned>(i % d.x), static_cast<unsigned>(i / d.x % d.y),
          static_cast<unsigned>(i / d.x / d.y)};
}

void begin_thread(Fiber& fiber) {
  Executor& e = executor;
  const unsigned number = e.started % e.block_threads;
  State& state = *e.states[e.started / e.block_threads];
  ++e.started;
  Thread& thread = fiber.thread;
  thread.number = static_cast<std::uint16_t>(number);
  thread.index = threadIdx = unravel(number, blockDim);
  thread.block_index = blockIdx = state.index;
  thread.block = &state.block;
  thread.warp = &state.warps[number / 32];
  fiber.busy = true;
}

void end_thread(Fiber& fiber) {
  fiber.busy = false;
  ++executor.ended;
  state_of(fiber).returned[fiber.thread.number] = true;
}

void run_thread(Fiber& fiber) {
  begin_thread(fiber);
  try {
    executor.launch->run(executor.launch->kernel, executor.arguments);
    end_thread(fiber);
  } catch (const Fault& wrong) {
    if (executor.sentence.empty()) executor.sentence = wrong.sentence;
    executor.aborting = true;
  } catch (const Executor::Abort&) {
  }
  fiber.busy = false;
}

// Makes block i of the group ready for a new start.
void prepare(unsigned i, std::uint64_t block) {
  Executor& e = executor;
  if (i == e.states.size()) e.states.push_back(std::make_unique<State>());
  State& state = *e.states[i];
  state.prepare(e.launch->shared_bytes, e.block_threads);
  state.block.rank = i % static_cast<unsigned>(count(e.launch->cluster));
  state.index = unravel(block, gridDim);
}

// The position of block i of cluster c in the grid.
std::uint64_t block_of_cluster(std::uint64_t c, unsigned i) {
  const dim3& size = executor.launch->cluster;
  const uint3 corner = unravel(c, {gridDim.x / size.x, gridDim.y / size.y, gridDim.z / size.z});
  const uint3 at = unravel(i, size);
  return (std::uint64_t{corner.z * size.z + at.z} * gridDim.y + corner.y * size.y + at.y) *
             gridDim.x +
         corner.x * size.x + at.x;
}

// Every thread that waits unwinds its stack.
void abort_all() {
  Executor& e = executor;
  e.aborting = true;
  e.ready.first = nullptr;
  for (Fiber* fiber : e.fibers)
    if (fiber->busy) switch_to(*fiber);
}

// Runs all threads of `blocks` blocks; false when the kernel did something wrong.
bool run_group(unsigned blocks) {
  Executor& e = executor;
  e.started = e.ended = 0;
  e.blocks = blocks;
  e.threads = blocks * e.block_threads;
  switch_to(next_fiber());
  if (e.ended == e.threads) return true;
  if (e.sentence.empty()) e.sentence = explain_standstill();
  abort_all();
  return false;
}

bool run_grid(const Launch& launch) {
  const auto cluster = static_cast<unsigned>(count(launch.cluster));
  const std::uint64_t blocks = count(launch.grid);
  const auto group = launch.cooperative ? static_cast<unsigned>(blocks) : cluster;
  for (std::uint64_t first = 0; first < blocks; first += group) {
    ++clock;  // what other blocks did lies behind
    for (unsigned i = 0; i < group; ++i)
      prepare(i, block_of_cluster(first / cluster + i / cluster, i % cluster));
    if (!run_group(group)) return false;
  }
  return true;
}

}  // namespace

void State::prepare(std::size_t bytes, unsigned threads) {
  if (shared_bytes != bytes) {  // exactly as many as asked for
    shared.reset(static_cast<unsigned char*>(std::aligned_alloc(128, (bytes + 127) / 128 * 128)));
    if (cells.size() < bytes) cells.resize(bytes);
    shared_bytes = bytes;
  }
  block.shared = shared.get();
  block.cells = cells.data();
  block.born = block.since = clock;
  arrived = 0;
  votes = result = 0;
  waiting.first = nullptr;
  returned.reset();
  regions.clear();
  for (unsigned w = 0; w * 32 < threads; ++w) {
    warps[w].since = clock;
    warps[w].arrived = 0;
  }
}

void run_threads() {
  Executor& e = executor;
  for (;;) {
    Fiber& self = *running;
    while (!e.aborting && e.started < e.threads) run_thread(self);
    e.idle.push_front(self);  // its stack is warm
    switch_to(next_fiber());
  }
}

Fiber& fiber_for_next_thread() {
  Executor& e = executor;
  if (e.idle.first != nullptr) return e.idle.pop();
  e.fibers.push_back(make_fiber(run_threads));
  return *e.fibers.back();
}

cudaError_t execute(const Launch& launch, const void* arguments) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  Executor& e = executor;
  e.launcher = running;
#ifdef SIMT_TSAN
  running->sanitizer = __tsan_get_current_fiber();
#endif
  e.launch = &launch;
  e.arguments = arguments;
  e.block_threads = static_cast<unsigned>(count(launch.block));
  e.aborting = false;
  e.sentence.clear();
  e.grid_arrived = 0;
  e.grid_waiting.first = nullptr;
  blockDim = launch.block;
  gridDim = launch.grid;
  if (++clock > 1u << 31) {  // long before it overflows
    e.states.clear();
    clock = 1;
  }
  const bool right = run_grid(launch);
  e.launch = nullptr;
  return right ? cudaSuccess : cudaErrorLaunchFailure;
}

bool in_kernel() { return executor.launch != nullptr; }
std::size_t shared_bytes() { return executor.launch->shared_bytes; }
unsigned cluster_blocks() { return static_cast<unsigned>(count(executor.launch->cluster)); }

void claim(std::size_t byte, std::size_t bytes, std::size_t element) {
  std::vector<State::Region>& regions = state_of(*running).regions;
  const State::Region taken{byte, bytes, element};
  for (const State::Region& region : regions) {
    if (region == taken) return;
    if (region.byte < byte + bytes && byte < region.byte + region.bytes)
      fault("takes shared memory that was taken as something else");
  }
  if (byte + bytes > shared_bytes())
    fault(fmt::format("takes {} bytes of shared memory, and the launch asked for {}", byte + bytes,
                      shared_bytes()));
  regions.push_back(taken);
}

Block& cluster_block(unsigned rank) {
  if (rank >= cluster_blocks())
    fault(fmt::format("block {} of a cluster of {} blocks", rank, cluster_blocks()));
  return executor.states[first_of_cluster() + rank]->block;
}

}  // namespace simt
