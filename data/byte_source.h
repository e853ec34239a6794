// ByteSource: bytes in a file or in memory, read where they are wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <utility>

namespace carousel {

class ByteSource {
 public:
  // The file stays open. Throws Error as RandomAccessFile does.
  static ByteSource file(const std::filesystem::path& path);

  // The elements of a string or vector.
  template <class Container>
  static ByteSource memory(Container elements) {
    const auto kept = std::make_shared<const Container>(std::move(elements));
    return ByteSource(std::as_bytes(std::span(*kept)), kept);
  }

  // Memory that outlives it.
  static ByteSource borrowed(std::span<const std::byte> bytes) { return {bytes, nullptr}; }

  std::int64_t size() const { return size_; }

  // Fills out with the bytes from offset on, which must be there. Throws Error when the file
  // cannot be read.
  void read(std::int64_t offset, std::span<std::byte> out) const { read_(offset, out); }

 private:
  using Read = std::function<void(std::int64_t offset, std::span<std::byte> out)>;

  ByteSource(std::int64_t size, Read read) : size_(size), read_(std::move(read)) {}
  ByteSource(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

  std::int64_t size_;
  Read read_;
};

}  // namespace carousel
