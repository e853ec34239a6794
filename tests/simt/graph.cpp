// Capture: what a stream would do is noted, and done when the graph is launched.
#include <utility>
#include <vector>

#include "tests/simt/executor.h"

using namespace simt;

struct CUgraph_st {
  std::vector<std::function<cudaError_t()>> steps;
};
struct CUgraphExec_st {
  CUgraph_st graph;
};

namespace {

struct Capture {
  cudaStream_t stream = nullptr;
  bool active = false, broken = false;
  bool strict = false;  // calls that concern the whole device break it
  CUgraph_st graph;
} capture;

cudaError_t break_capture() {
  capture.broken = true;
  return remember(cudaErrorStreamCaptureUnsupported);
}

}  // namespace

namespace simt {

cudaError_t not_captured() {
  return capture.active && capture.strict ? break_capture() : cudaSuccess;
}
cudaError_t not_captured(cudaStream_t stream) {
  return capturing(stream) ? break_capture() : cudaSuccess;
}
bool capturing(cudaStream_t stream) { return capture.active && capture.stream == stream; }
void record(cudaStream_t, std::function<cudaError_t()> step) {
  capture.graph.steps.push_back(std::move(step));
}

}  // namespace simt

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  if (stream == nullptr || capture.active) return remember(cudaErrorStreamCaptureUnsupported);
  capture = {stream, true, false, mode != cudaStreamCaptureModeRelaxed, {}};
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  if (!capturing(stream)) return remember(cudaErrorInvalidValue);
  capture.active = false;
  if (capture.broken) return remember(cudaErrorStreamCaptureInvalidated);
  *graph = new CUgraph_st(std::move(capture.graph));
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  *status = !capturing(stream) ? cudaStreamCaptureStatusNone
            : capture.broken   ? cudaStreamCaptureStatusInvalidated
                               : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  *executable = new CUgraphExec_st{*graph};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (capturing(stream)) return remember(cudaErrorNotSupported);
  const DeviceAtWork now;
  for (const auto& step : executable->graph.steps)
    if (const cudaError_t error = step(); error != cudaSuccess) return remember(error);
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return delete executable, cudaSuccess;
}

// The calls that wait for the device.
cudaError_t cudaDeviceSynchronize() { return not_captured(capture.stream); }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return not_captured(); }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { return not_captured(stream); }
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (const cudaError_t error = not_captured(); error != cudaSuccess) return error;
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}
cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  if (const cudaError_t error = not_captured(); error != cudaSuccess) return error;
  return cudaMemsetAsync(to, value, bytes, nullptr);
}
