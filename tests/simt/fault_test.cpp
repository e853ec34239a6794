// What a kernel must not do is found, and said in a sentence.
#include <doctest/doctest.h>

#include <string>

#include "core/error.h"
#include "tests/simt/faults.h"

using namespace carousel;

namespace {

template <class Call>
std::string sentence(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

#define CHECK_SAYS(call, words)                      \
  do {                                               \
    const std::string said = sentence([] { call; }); \
    CAPTURE(said);                                   \
    CHECK(said.find(words) != std::string::npos);    \
    CHECK(sentence(faults::fine) == "");             \
  } while (false)

}  // namespace

TEST_CASE("simt: a barrier that not all threads reach") {
  CHECK_SAYS(faults::early_return(),
             "early_return_kernel, block (0, 0, 0), thread (0, 0, 0): waits at __syncthreads "
             "(faults.cu:");
  CHECK_SAYS(faults::early_return(), "for thread (33, 0, 0), which has returned");
  CHECK_SAYS(faults::divided_barrier(), "thread (32, 0, 0): is at __syncthreads (faults.cu:");
  CHECK_SAYS(faults::divided_warp(), "for thread (16, 0, 0), which waits at __syncthreads");
  CHECK_SAYS(faults::lonely_grid(), "waits at grid.sync");
  CHECK_SAYS(faults::lonely_grid(), "of block (1, 0, 0), which has returned");
  CHECK_SAYS(faults::grid_without_asking(), "grid.sync in a launch that is not cooperative");
}

TEST_CASE("simt: a warp whose lanes do not all come") {
  CHECK_SAYS(faults::lost_lane(), "waits at a shuffle (faults.cu:");
  CHECK_SAYS(faults::lost_lane(), "for thread (7, 0, 0), which has returned");
  CHECK_SAYS(faults::different_warp_calls(), "is at __ballot_sync");
  CHECK_SAYS(faults::missing_lanes(), "for lane 8, which the block does not have");
  CHECK_SAYS(faults::lane_outside_mask(), "a shuffle asks lane 20, which is not in the mask");
}

TEST_CASE("simt: shared memory out of bounds, unwritten, taken wrongly") {
  CHECK_SAYS(faults::unwritten(), "thread (63, 0, 0): reads element 63");
  CHECK_SAYS(faults::beyond(), "thread (63, 0, 0): element 64 of a piece of shared memory of 64");
  CHECK_SAYS(faults::before(), "thread (0, 0, 0): element -1 of a piece of shared memory of 64");
  CHECK_SAYS(faults::taken_too_much(),
             "takes 128 bytes of shared memory, and the launch asked for 100");
  CHECK_SAYS(faults::taken_twice(), "taken as something else");
  CHECK_SAYS(faults::misaligned(), "not aligned to 16 bytes");
}

TEST_CASE("simt: races between barriers") {
  CHECK_SAYS(faults::race_after_write(),
             "thread (63, 0, 0): reads shared memory that thread (31, 0, 0) wrote since");
  CHECK_SAYS(faults::race_before_write(), "shared memory that thread (63, 0, 0) wrote since");
  CHECK_SAYS(faults::race_in_warp(),
             "thread (1, 0, 0): reads shared memory that thread (0, 0, 0) wrote since");
}

TEST_CASE("simt: launches that the device would refuse") {
  CHECK_SAYS(faults::with_block(1025, 1, 1), "empty_kernel");
  CHECK_SAYS(faults::with_block(1025, 1, 1), "invalid configuration argument");
  CHECK_SAYS(faults::with_block(0, 1, 1), "invalid configuration argument");
  CHECK_SAYS(faults::with_block(1, 1, 65), "invalid configuration argument");
  CHECK_SAYS(faults::with_grid(0, 1), "invalid configuration argument");
  CHECK_SAYS(faults::with_grid(1, 65536), "invalid configuration argument");
  CHECK_SAYS(faults::with_shared((227 << 10) + 1), "invalid argument");
  CHECK_SAYS(faults::with_cluster(6, 4), "cluster misconfiguration");
  CHECK_SAYS(faults::with_cluster(16, 16), "cluster misconfiguration");
  CHECK_SAYS(faults::cooperative(1000), "too many blocks in cooperative launch");
  CHECK(sentence([] { faults::with_block(32, 32, 1); }) == "");
  CHECK(sentence([] { faults::with_shared(227 << 10); }) == "");
  CHECK(sentence([] { faults::with_cluster(8, 4); }) == "");
  CHECK(sentence([] { faults::cooperative(8); }) == "");
}
