#include "core/recording.h"

namespace carousel {

void Recording::rehearse(const Work& work) {
  const Arena::Use here(arena_);
  work();
}

void Recording::record(const Work& work) {
  const Arena::Use here(arena_);
  graph_ = cuda::Graph(work);
}

}  // namespace carousel
