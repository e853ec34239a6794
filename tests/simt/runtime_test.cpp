// The runtime calls: memory, copies, graphs.
#include <doctest/doctest.h>

#include "tests/simt/device_array.h"
#include "tests/simt/samples.h"

#ifdef SIMT_ASAN
#include <sanitizer/asan_interface.h>
#endif

using namespace carousel;

TEST_CASE("simt: copies stay inside what was allocated, and go the way they say") {
  std::vector<int> host(4);
  const DeviceArray<int> device(4);
  const auto copy = [](void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    const cudaError_t error = cudaMemcpy(to, from, bytes, kind);
    CHECK(cudaGetLastError() == error);
    return error;
  };
  CHECK(copy(device.data(), host.data(), 16, cudaMemcpyHostToDevice) == cudaSuccess);
  CHECK(copy(device.data() + 1, host.data(), 12, cudaMemcpyHostToDevice) == cudaSuccess);
  CHECK(copy(device.data() + 1, host.data(), 16, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(copy(device.data(), host.data(), 16, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(copy(host.data(), host.data(), 16, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(cudaMemset(device.data(), 0, 17) == cudaErrorInvalidValue);
  CHECK(cudaFree(device.data() + 1) == cudaErrorInvalidValue);
  CHECK(cudaGetLastError() == cudaErrorInvalidValue);
  CHECK(cudaGetLastError() == cudaSuccess);
}

TEST_CASE("simt: memory is finite and accounted for") {
  std::size_t before = 0, after = 0, total = 0;
  cudaMemGetInfo(&before, &total);
  void* all = nullptr;
  CHECK(cudaMalloc(&all, total + 1) == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  {
    const DeviceArray<double> some(1000);
    cudaMemGetInfo(&after, &total);
    CHECK(before - after == 8000);
  }
  cudaMemGetInfo(&after, &total);
  CHECK(before == after);
}

TEST_CASE("simt: a graph does again what the stream was asked for") {
  const DeviceArray<int> x(std::vector<int>(100, 1)), y(100);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  cuda::check(cudaStreamBeginCapture(cuda::stream(), cudaStreamCaptureModeThreadLocal), "begin");
  samples::increment(x.data(), 100);
  cuda::check(cudaMemcpyAsync(y.data(), x.data(), 400, cudaMemcpyDeviceToDevice, cuda::stream()),
              "copy");
  samples::increment(x.data(), 50);
  cuda::check(cudaStreamEndCapture(cuda::stream(), &graph), "end");
  CHECK(x.values() == std::vector<int>(100, 1));  // nothing has happened yet
  cuda::check(cudaGraphInstantiate(&executable, graph), "instantiate");
  cuda::check(cudaGraphDestroy(graph), "destroy");
  for (int i = 0; i < 2; ++i) cuda::check(cudaGraphLaunch(executable, cuda::stream()), "launch");
  std::vector<int> want(100, 3);
  for (std::size_t i = 0; i < 50; ++i) want[i] = 5;
  CHECK(x.values() == want);
  for (std::size_t i = 0; i < 50; ++i) want[i] = 4;
  CHECK(y.values() == want);
  cuda::check(cudaGraphExecDestroy(executable), "destroy");
}

namespace {

// Whether a capture goes on after these calls, and what they return.
template <class Calls>
void check_capture(cudaStreamCaptureMode mode, bool whole, const Calls& calls) {
  cudaGraph_t graph = nullptr;
  cuda::check(cudaStreamBeginCapture(cuda::stream(), mode), "begin");
  CHECK(calls() == (whole ? cudaSuccess : cudaErrorStreamCaptureUnsupported));
  CHECK(cudaStreamEndCapture(cuda::stream(), &graph) ==
        (whole ? cudaSuccess : cudaErrorStreamCaptureInvalidated));
  CHECK((graph != nullptr) == whole);
  if (whole) cudaGraphDestroy(graph);
  cudaGetLastError();
}

}  // namespace

TEST_CASE(
    "simt: what waits for the device, takes memory or copies from anywhere breaks a capture") {
  const auto wait = [] { return cudaStreamSynchronize(cuda::stream()); };
  const auto take = [] {
    void* memory = nullptr;
    const cudaError_t error = cudaMalloc(&memory, 4);
    CHECK((memory != nullptr) == (error == cudaSuccess));
    if (memory != nullptr) CHECK(cudaFree(memory) == cudaSuccess);
    return error;
  };
  const DeviceArray<int> device(1);
  int own = 0;
  void *pinned = nullptr, *later = nullptr;
  cuda::check(cudaMallocHost(&pinned, 4), "host");
  const auto copy_from = [&](const void* host) {
    return cudaMemcpyAsync(device.data(), host, 4, cudaMemcpyHostToDevice, cuda::stream());
  };
  for (const auto mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal}) {
    check_capture(mode, false, wait);
    check_capture(mode, false, take);
    check_capture(mode, false, [&] { return cudaMallocHost(&later, 4); });
    check_capture(mode, false, [&] { return cudaFree(device.data()); });
    check_capture(mode, false, [&] { return copy_from(&own); });
    check_capture(mode, true, [&] { return copy_from(pinned); });
  }
  check_capture(cudaStreamCaptureModeRelaxed, true, take);
  check_capture(cudaStreamCaptureModeRelaxed, false, wait);
  CHECK(cudaFreeHost(pinned) == cudaSuccess);
}

#ifdef SIMT_ASAN
TEST_CASE("simt: device memory is out of the host's reach, with exact ends for the device") {
  const DeviceArray<int> x(std::vector<int>(7, 1));
  samples::increment(x.data(), 7);
  CHECK(__asan_address_is_poisoned(x.data()));
  const simt::DeviceAtWork now;
  CHECK(!__asan_address_is_poisoned(x.data() + 6));
  CHECK(__asan_address_is_poisoned(x.data() + 7));
}
#endif
