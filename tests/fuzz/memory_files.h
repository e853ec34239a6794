// Files and directories in memory, for code that reads them by name. Nothing is synced.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/descriptor.h"
#include "tests/fuzz/require.h"

namespace carousel {

// A file without a name in any directory.
class MemoryFile {
 public:
  void set(std::string_view bytes) {
    require(::ftruncate(file_, 0) == 0);
    require(::pwrite(file_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  Descriptor file_{::memfd_create("fuzz", 0)};
};

class MemoryDirectory {
 public:
  MemoryDirectory() {
    char name[] = "/dev/shm/carousel-fuzz-XXXXXX";
    require(::mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~MemoryDirectory() { std::filesystem::remove_all(path_); }
  MemoryDirectory(const MemoryDirectory&) = delete;
  MemoryDirectory& operator=(const MemoryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void put(const char* name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace carousel
