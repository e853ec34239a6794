// Kernels that do something wrong, each in one way, and the launches of them.
#pragma once

#include <cstddef>

namespace carousel::faults {

void early_return();          // a thread returns, and the others wait for it
void divided_barrier();       // two barriers, each for a half of the block
void divided_warp();          // a half of a warp shuffles, the other waits for the block
void lost_lane();             // a lane returns before the shuffle of all
void different_warp_calls();  // lanes of one warp call different functions
void missing_lanes();         // the mask names lanes that the block does not have
void lane_outside_mask();     // a shuffle from a lane that takes no part
void lonely_grid();           // one block of a grid does not come to the barrier of all
void grid_without_asking();   // the barrier of a grid in an ordinary launch
void unwritten();             // reads what nobody wrote
void beyond();                // one past the end of a piece of shared memory
void before();                // one before its beginning
void taken_too_much();        // more than the launch asked for
void taken_twice();           // the same bytes as something else
void race_after_write();      // reads what another thread writes
void race_before_write();     // writes what another thread reads
void race_in_warp();          // the same between lanes, without __syncwarp
void misaligned();            // a vector at an odd place
void fine();                  // nothing wrong: after a fault the next launch goes well

void with_block(unsigned x, unsigned y, unsigned z);
void with_grid(unsigned x, unsigned y);
void with_shared(std::size_t bytes);
void with_cluster(unsigned blocks, unsigned cluster);
void cooperative(unsigned blocks);

}  // namespace carousel::faults
