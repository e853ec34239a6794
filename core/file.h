// Files: read whole, mapped, here and there, and written all or nothing. Every failure is one
// sentence with the path and the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/descriptor.h"

namespace carousel {

enum class Empty { refused, allowed };

// The bytes of a file or pipe. Throws Error when it is missing, unreadable, a directory, or empty
// where that is refused.
std::string read_file(const std::filesystem::path& path, Empty empty = Empty::refused);

// The same bytes piece by piece, in order, none for an empty file. Throws Error as read_file does.
void read_in_pieces(const std::filesystem::path& path,
                    const std::function<void(std::span<const std::byte>)>& take);

// A regular file as memory, read only: pages come from the disk as they are looked at. The file
// must not shrink meanwhile.
class MappedFile {
 public:
  // Throws Error as read_file does, and for anything but a regular file.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

  // Pages that were looked at no longer count as this process's memory; they come back when they
  // are looked at again, from the system's cache as long as it has them.
  void release() const;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// A regular file that is read here and there. It takes no memory, and one that has shrunk or a disk
// that fails is an Error, which to a mapped file is the end of the process.
class RandomAccessFile {
 public:
  // Throws Error as MappedFile does.
  explicit RandomAccessFile(const std::filesystem::path& path);

  std::int64_t size() const { return size_; }  // in bytes, when it was opened

  // Fills out with the bytes from offset on. Any number of threads may do so at once.
  void read(std::int64_t offset, std::span<std::byte> out) const;

 private:
  std::filesystem::path path_;
  Descriptor descriptor_;
  std::int64_t size_;
};

// A file that appears under its name complete, or not at all: bytes go to a temporary file beside
// it, which commit() brings to the disk and renames. What stood under the name before stays until
// then; without commit(), the temporary file is removed. A link is followed.
class AtomicFile {
 public:
  // Throws Error when the name is a directory or no regular file, or nothing can be created there.
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  // All throw Error when the disk is full or fails. After flush(), what was written is on the disk,
  // and commit() asks it for no more space: the way to have several files change together.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view bytes) { write(std::as_bytes(std::span(bytes))); }
  void flush();
  void commit();

 private:
  std::filesystem::path path_;    // as messages name it
  std::filesystem::path target_;  // with links followed
  std::filesystem::path temporary_;
  Descriptor descriptor_;
};

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

// A file that starts empty and grows while others read it. What was written is seen at once, and
// survives the end of the process; that of the machine only after flush().
class GrowingFile {
 public:
  // All throw Error when the file cannot be written.
  explicit GrowingFile(const std::filesystem::path& path);
  void write(std::string_view bytes);
  void flush();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Descriptor descriptor_;
};

}  // namespace carousel
