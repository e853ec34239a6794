#include "core/cuda/graph.h"

#include "core/cuda/check.h"
#include "core/cuda/stream.h"

namespace carousel::cuda {

namespace {

using Captured = std::unique_ptr<CUgraph_st, void (*)(cudaGraph_t)>;

cudaError_t end_capture(Captured& captured) {
  cudaGraph_t graph = nullptr;
  const cudaError_t error = cudaStreamEndCapture(stream(), &graph);
  captured.reset(graph);
  return error;
}

Captured capture(const std::function<void()>& ask) {
  constexpr const char* what = "device cuda: graph";
  Captured captured(nullptr, [](cudaGraph_t graph) { cudaGraphDestroy(graph); });
  check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), what);
  try {
    ask();
  } catch (...) {
    end_capture(captured);  // also where it has failed: the stream goes back to work
    cudaGetLastError();
    throw;
  }
  check(end_capture(captured), what);
  return captured;
}

}  // namespace

Graph::Graph(const std::function<void()>& ask) {
  const Captured captured = capture(ask);
  cudaGraphExec_t executable = nullptr;
  check(cudaGraphInstantiate(&executable, captured.get()), "device cuda: graph");
  executable_ = {executable, [](cudaGraphExec_t graph) { cudaGraphExecDestroy(graph); }};
}

void Graph::launch() const {
  check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(executable_.get()), stream()),
        "device cuda: graph");
}

}  // namespace carousel::cuda
