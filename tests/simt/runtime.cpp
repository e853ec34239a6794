// Device memory, streams and events on the host.
#include <cstring>
#include <map>

#include "tests/simt/executor.h"

#ifdef SIMT_ASAN
#include <sanitizer/asan_interface.h>
#endif

using namespace simt;

struct CUstream_st {};
struct CUevent_st {};

namespace {

constexpr std::size_t kTotal = std::size_t{8} << 30;
using Memory = std::map<const char*, std::size_t>;  // address and size
Memory device_memory, pinned_memory;
std::size_t used = 0;
cudaError_t last = cudaSuccess;

// The piece of memory that holds the address; the end otherwise.
auto find(const Memory& memory, const void* p) {
  auto above = memory.upper_bound(static_cast<const char*>(p));
  if (above == memory.begin()) return memory.end();
  --above;
  return static_cast<const char*>(p) < above->first + above->second ? above : memory.end();
}
bool holds(const Memory& memory, const void* p, std::size_t bytes) {
  const auto piece = find(memory, p);
  return piece != memory.end() &&
         static_cast<const char*>(p) + bytes <= piece->first + piece->second;
}

#ifdef SIMT_ASAN
void forbid(const void* p, std::size_t bytes) { __asan_poison_memory_region(p, bytes); }
void allow(const void* p, std::size_t bytes) { __asan_unpoison_memory_region(p, bytes); }
#else
void forbid(const void*, std::size_t) {}
void allow(const void*, std::size_t) {}
#endif

bool on_device(const void* p, std::size_t bytes) { return holds(device_memory, p, bytes); }

bool right_way(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDefault) return true;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  const auto fits = [bytes](const void* p, bool device) {
    return device ? on_device(p, bytes) : find(device_memory, p) == device_memory.end();
  };
  return fits(to, to_device) && fits(from, from_device);
}

// Where a copy that is noted may come from and go to.
bool lasting(const void* p, std::size_t bytes) {
  return on_device(p, bytes) || holds(pinned_memory, p, bytes);
}

}  // namespace

namespace simt {

#ifdef SIMT_ASAN
DeviceAtWork::DeviceAtWork() {
  for (const auto& [p, bytes] : device_memory) allow(p, bytes);
}
DeviceAtWork::~DeviceAtWork() {
  for (const auto& [p, bytes] : device_memory) forbid(p, bytes);
}
#else
DeviceAtWork::DeviceAtWork() {}
DeviceAtWork::~DeviceAtWork() {}
#endif

cudaError_t remember(cudaError_t error) {
  if (error != cudaSuccess) last = error;
  return error;
}

}  // namespace simt

cudaError_t cudaGetLastError() { return std::exchange(last, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last; }

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidConfiguration:
      return "invalid configuration argument";
    case cudaErrorInvalidMemcpyDirection:
      return "invalid copy direction for memcpy";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    case cudaErrorInvalidResourceHandle:
      return "invalid resource handle";
    case cudaErrorNotReady:
      return "device not ready";
    case cudaErrorLaunchFailure:
      return executor.sentence.empty() ? "unspecified launch failure" : executor.sentence.c_str();
    case cudaErrorCooperativeLaunchTooLarge:
      return "too many blocks in cooperative launch";
    case cudaErrorNotSupported:
      return "operation not supported";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
    case cudaErrorInvalidClusterSize:
      return "cluster misconfiguration";
  }
  return "unrecognized error code";
}
const char* cudaGetErrorName(cudaError_t error) { return cudaGetErrorString(error); }

cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
cudaError_t cudaGetDevice(int* device) { return *device = 0, cudaSuccess; }
cudaError_t cudaSetDevice(int device) {
  return remember(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 13000, cudaSuccess; }
cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return *stream = new CUstream_st, cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return cudaStreamCreate(stream);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) { return delete stream, cudaSuccess; }
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }
cudaError_t cudaEventCreate(cudaEvent_t* event) { return *event = new CUevent_st, cudaSuccess; }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return cudaEventCreate(event);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaEventQuery(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  return *milliseconds = 0.0f, cudaSuccess;
}

cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  *pointer = nullptr;
  if (const cudaError_t error = not_captured(); error != cudaSuccess) return error;
  *pointer = std::malloc(bytes);
  if (*pointer == nullptr) return remember(cudaErrorMemoryAllocation);
  pinned_memory[static_cast<char*>(*pointer)] = bytes;
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
  return cudaMallocHost(pointer, bytes);
}
cudaError_t cudaFreeHost(void* pointer) {
  if (const cudaError_t error = not_captured(); error != cudaSuccess) return error;
  if (pointer != nullptr && pinned_memory.erase(static_cast<char*>(pointer)) == 0)
    return remember(cudaErrorInvalidValue);
  return std::free(pointer), cudaSuccess;
}

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  *pointer = nullptr;
  if (const cudaError_t error = not_captured(); error != cudaSuccess) return error;
  if (bytes == 0) return cudaSuccess;
  if (bytes > kTotal - used || posix_memalign(pointer, 256, bytes) != 0)
    return remember(cudaErrorMemoryAllocation);
  std::memset(*pointer, 0xff, bytes);  // as floating point: not a number
  device_memory[static_cast<char*>(*pointer)] = bytes;
  used += bytes;
  forbid(*pointer, bytes);
  return cudaSuccess;
}
cudaError_t cudaFree(void* pointer) {
  if (const cudaError_t error = not_captured(); error != cudaSuccess) return error;
  if (pointer == nullptr) return cudaSuccess;
  const auto piece = device_memory.find(static_cast<char*>(pointer));
  if (piece == device_memory.end()) return remember(cudaErrorInvalidValue);
  used -= piece->second;
  allow(pointer, piece->second);
  device_memory.erase(piece);
  std::free(pointer);
  return cudaSuccess;
}
cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t stream) {
  if (capturing(stream)) return remember(cudaErrorStreamCaptureUnsupported);
  return cudaMalloc(pointer, bytes);
}
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  if (capturing(stream)) return remember(cudaErrorStreamCaptureUnsupported);
  return cudaFree(pointer);
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = kTotal - used;
  *total = kTotal;
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!right_way(to, from, bytes, kind)) return remember(cudaErrorInvalidValue);
  if (capturing(stream) && !(lasting(to, bytes) && lasting(from, bytes)))
    return not_captured(stream);  // the host's other memory may have gone by then
  return in_order(stream, [=] { return std::memmove(to, from, bytes), cudaSuccess; });
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!on_device(to, bytes)) return remember(cudaErrorInvalidValue);
  return in_order(stream, [=] { return std::memset(to, value, bytes), cudaSuccess; });
}
cudaError_t cudaMemset2DAsync(void* to, std::size_t pitch, int value, std::size_t width,
                              std::size_t height, cudaStream_t stream) {
  if (width == 0 || height == 0) return cudaSuccess;
  if (width > pitch || !on_device(to, (height - 1) * pitch + width))
    return remember(cudaErrorInvalidValue);
  return in_order(stream, [=] {
    for (std::size_t row = 0; row < height; ++row)
      std::memset(static_cast<char*>(to) + row * pitch, value, width);
    return cudaSuccess;
  });
}
