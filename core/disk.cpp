#include "core/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace carousel::disk {

namespace {

Fault injected;

// Whether the call may be made; errno says why not.
bool may(Call call) {
  const int error = injected ? injected(call) : 0;
  if (error != 0) errno = error;
  return error == 0;
}

template <class SystemCall>
auto uninterrupted(const SystemCall& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace

int create(const std::filesystem::path& path, int flags) {
  if (!may(Call::create)) return -1;
  return uninterrupted(
      [&] { return ::open(path.c_str(), flags | O_WRONLY | O_CREAT | O_CLOEXEC, 0666); });
}

ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  const bool allowed = may(Call::write);
  const int error = errno;
  const ssize_t written =
      uninterrupted([&] { return ::write(descriptor, bytes, allowed ? count : count / 2); });
  if (allowed) return written;
  errno = error;
  return -1;
}

int sync(int descriptor) {
  if (!may(Call::sync)) return -1;
  const int result = uninterrupted([&] { return ::fsync(descriptor); });
  return result < 0 && errno == EINVAL ? 0 : result;
}

int close(int descriptor) {
  const bool allowed = may(Call::close);
  const int error = errno;
  // Linux closes the descriptor even when it says EINTR, and another thread may have its number.
  const int result = ::close(descriptor);
  if (allowed) return result < 0 && errno == EINTR ? 0 : result;
  errno = error;
  return -1;
}

int rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return may(Call::rename) ? ::rename(from.c_str(), to.c_str()) : -1;
}

int remove(const std::filesystem::path& path) {
  return may(Call::remove) ? ::remove(path.c_str()) : -1;
}

int make_directory(const std::filesystem::path& path) {
  return may(Call::make_directory) ? ::mkdir(path.c_str(), 0777) : -1;
}

FaultInjection::FaultInjection(Fault fault) { injected = std::move(fault); }
FaultInjection::~FaultInjection() { injected = nullptr; }

}  // namespace carousel::disk
