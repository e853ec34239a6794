// Recording: a piece of work for a GPU that is asked for once and done many times.
//
//   Recording step;
//   step.rehearse(work);  // does it, and finds the memory that it takes
//   step.record(work);    // goes through it once more, without doing it
//   step.replay();        // does it: the same calls on the same memory, whose contents may differ
//
// A replay is one call, a CUDA graph, however many kernels the work has. The work
//
//   - takes the same memory every time it is gone through, and keeps none of it. As long as the
//     recording lives that memory is its own. What the work finds on the device has to stay there;
//   - neither waits for the device nor reads from it;
//   - tells the device numbers of its own once: what changes between replays lies in Mirrors.
#pragma once

#include <functional>

#include "core/cuda/graph.h"
#include "core/storage.h"

namespace carousel {

class Recording {
 public:
  using Work = std::function<void()>;

  void rehearse(const Work& work);
  // Throws Error when the work does what it may not.
  void record(const Work& work);
  bool recorded() const { return static_cast<bool>(graph_); }
  void replay() const { graph_.launch(); }

 private:
  Arena arena_{Device::cuda};
  cuda::Graph graph_;
};

}  // namespace carousel
