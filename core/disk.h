// disk: the system calls that change files. All writing goes through them, so that a test can make
// any one of them fail.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>

namespace carousel::disk {

enum class Call { create, write, sync, close, rename, remove, make_directory };

// Each as the system call: at least 0, or −1 and errno. A signal interrupts none of them.
int create(const std::filesystem::path& path, int flags);  // open for writing, with O_CREAT
ssize_t write(int descriptor, const void* bytes, std::size_t count);
int sync(int descriptor);  // 0 on a file system that cannot
int close(int descriptor);
int rename(const std::filesystem::path& from, const std::filesystem::path& to);
int remove(const std::filesystem::path& path);  // a file or an empty directory
int make_directory(const std::filesystem::path& path);

// Asked before every call: an errno makes it fail with that, 0 lets it pass.
using Fault = std::function<int(Call)>;

// Injects faults while it lives. A write that is to fail writes half of its bytes first, as on a
// disk that fills up; a file whose closing is to fail is closed.
class FaultInjection {
 public:
  explicit FaultInjection(Fault fault);
  ~FaultInjection();
  FaultInjection(const FaultInjection&) = delete;
  FaultInjection& operator=(const FaultInjection&) = delete;
};

}  // namespace carousel::disk
