#include "data/byte_source.h"

#include <algorithm>

#include "core/file.h"

namespace carousel {

ByteSource ByteSource::file(const std::filesystem::path& path) {
  const auto opened = std::make_shared<const RandomAccessFile>(path);
  return {opened->size(),
          [opened](std::int64_t offset, std::span<std::byte> out) { opened->read(offset, out); }};
}

ByteSource::ByteSource(std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
    : size_(std::ssize(bytes)),
      read_([bytes, kept = std::move(owner)](std::int64_t offset, std::span<std::byte> out) {
        const auto from = bytes.subspan(static_cast<std::size_t>(offset), out.size());
        std::ranges::copy(from, out.begin());
      }) {}

}  // namespace carousel
