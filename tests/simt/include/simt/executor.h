// What runs a kernel: every thread of a block is a fiber. This is the part of the executor that
// the device functions see.
#pragma once

#include <simt/language.h>

#include <cstdint>
#include <string>
#include <vector>

#ifdef __has_feature
#define SIMT_HAS_FEATURE(name) __has_feature(name)
#else
#define SIMT_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || SIMT_HAS_FEATURE(address_sanitizer)
#define SIMT_ASAN 1
#elif defined(__SANITIZE_THREAD__) || SIMT_HAS_FEATURE(thread_sanitizer)
#define SIMT_TSAN 1
#endif

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace simt {

struct Block;
struct Warp;
struct Fiber;

// Where threads wait for each other, or ask each other for something.
enum class Meeting : std::uint8_t {
  none,
  block,  // __syncthreads
  block_or,
  block_and,
  block_count,
  cluster,
  grid,
  warp,  // __syncwarp; all from here on are of one warp
  shuffle,
  ballot,
  any,
  all,
  sum,
  fragments,
};

// A meeting, and the line of the kernel that calls it.
struct Place {
  Meeting meeting = Meeting::none;
  const char* file = "";
  int line = 0;
  bool operator==(const Place&) const = default;
};

// The thread that runs. An access to memory is ordered behind another when a barrier lies between
// them; `clock` counts barriers, and `since` is what it showed when the last one was passed.
struct Thread {
  uint3 index{}, block_index{};
  Block* block = nullptr;
  Warp* warp = nullptr;
  std::uint16_t number = 0;  // within the block
};
extern Thread* current;
extern std::uint32_t clock;

// What is known about one element of shared memory.
struct Cell {
  std::uint32_t write_time = 0, read_time = 0;
  std::uint16_t writer = 0, reader = 0;
  std::uint16_t readers = 0;  // since the last barrier: 0 one, 1 several of one warp, 2 several
};

struct Lane {
  std::uint64_t value = 0;
  unsigned source = 0;  // of a shuffle: the lane whose value is asked for
  unsigned mask = 0;
  Place place;
  Fiber* fiber = nullptr;
};

struct Warp {
  std::uint32_t since = 0;
  unsigned arrived = 0;  // lanes that wait
  Lane lanes[32];
};

struct Block {
  std::uint32_t born = 0, since = 0;
  unsigned rank = 0;  // within its cluster
  unsigned char* shared = nullptr;
  Cell* cells = nullptr;
};

// What a kernel did wrong; the launch fails with the sentence.
struct Fault {
  std::string sentence;
};
[[noreturn]] void fault(std::string sentence);

// The barrier of a block, cluster or grid; the result is that of the vote.
int meet(const Place& place, bool vote = true);

// The lanes in `mask` meet; each gives a value and gets one.
std::uint64_t meet_lanes(const Place& place, unsigned mask, std::uint64_t value, unsigned source);

unsigned cluster_blocks();            // of the launch, at least 1
Block& cluster_block(unsigned rank);  // of the cluster of the running thread
std::size_t shared_bytes();           // of the launch
// Notes what the running block takes of its shared memory, and that it is there.
void claim(std::size_t byte, std::size_t bytes, std::size_t element);
bool in_kernel();

}  // namespace simt
