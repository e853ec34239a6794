// A build without CUDA.
#include "core/cuda/graph.h"
#include "core/cuda/memory.h"
#include "core/error.h"

namespace carousel::cuda {

namespace {

[[noreturn]] void refuse() { fail("device cuda: {}", missing()); }

}  // namespace

const std::string& missing() {
  static const std::string reason = "this build has no CUDA; configure it with the CUDA toolkit";
  return reason;
}

void* allocate(std::size_t) { refuse(); }
void release(void*) {}
void* allocate_pinned(std::size_t) { refuse(); }
void release_pinned(void*) {}
void send(void*, const void*, std::size_t) { refuse(); }
void fetch(void*, const void*, std::size_t) { refuse(); }
void copy_to_device(void*, const void*, std::size_t) { refuse(); }
void copy_to_host(void*, const void*, std::size_t) { refuse(); }
void copy(void*, const void*, std::size_t) { refuse(); }
void fill(void*, const void*, std::size_t, std::size_t) { refuse(); }
void synchronize() { refuse(); }

Graph::Graph(const std::function<void()>&) { refuse(); }
void Graph::launch() const { refuse(); }

}  // namespace carousel::cuda
