#include "core/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <tuple>
#include <utility>

#include "core/directory.h"
#include "core/disk.h"
#include "core/error.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void cannot_read(const fs::path& path, std::string_view why) {
  fail("cannot read {}: {}", path.string(), why);
}

[[noreturn]] void cannot_write(const fs::path& path, int error) {
  fail("cannot write {}: {}", path.string(), reason(error));
}

Descriptor open_to_read(const fs::path& path, int flags = 0) {
  return Descriptor(::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC));
}

// What a call of the system returns that a signal did not interrupt.
template <class Call>
ssize_t uninterrupted(const Call& call) {
  ssize_t got = call();
  while (got < 0 && errno == EINTR) got = call();
  return got;
}

// A regular file with something in it, and its size in bytes.
std::pair<Descriptor, std::int64_t> open_regular(const fs::path& path) {
  // Opening a pipe must not wait for a writer.
  Descriptor file = open_to_read(path, O_NONBLOCK);
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) cannot_read(path, reason(errno));
  if (S_ISDIR(status.st_mode)) cannot_read(path, reason(EISDIR));
  if (!S_ISREG(status.st_mode)) cannot_read(path, "not a regular file");
  if (status.st_size == 0) cannot_read(path, "the file is empty");
  return {std::move(file), status.st_size};
}

// All of the bytes; 0, or the error. Some systems refuse more than 2 GiB in one call.
int write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t step = std::min(bytes.size(), std::size_t{1} << 30);
    const ssize_t written = disk::write(descriptor, bytes.data(), step);
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

fs::path follow_links(const fs::path& path) {
  std::error_code unresolved;
  const fs::path target = fs::weakly_canonical(path, unresolved);
  return unresolved ? path : target;
}

}  // namespace

void read_in_pieces(const fs::path& path,
                    const std::function<void(std::span<const std::byte>)>& take) {
  const Descriptor file = open_to_read(path);
  if (file < 0) cannot_read(path, reason(errno));
  std::array<std::byte, std::size_t{1} << 16> piece;
  for (;;) {
    const ssize_t got = uninterrupted([&] { return ::read(file, piece.data(), piece.size()); });
    if (got < 0) cannot_read(path, reason(errno));
    if (got == 0) return;
    take(std::span(piece).first(static_cast<std::size_t>(got)));
  }
}

std::string read_file(const fs::path& path, Empty empty) {
  std::string bytes;
  read_in_pieces(path, [&](std::span<const std::byte> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  if (bytes.empty() && empty == Empty::refused) cannot_read(path, "the file is empty");
  return bytes;
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const auto [file, size] = open_regular(path);
  size_ = static_cast<std::size_t>(size);
  void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
  if (memory == MAP_FAILED) cannot_read(path, reason(errno));
  data_ = static_cast<const std::byte*>(memory);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::release() const {
  if (data_ != nullptr) ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

RandomAccessFile::RandomAccessFile(const fs::path& path) : path_(path) {
  std::tie(descriptor_, size_) = open_regular(path);
}

void RandomAccessFile::read(std::int64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got =
        uninterrupted([&] { return ::pread(descriptor_, out.data(), out.size(), offset); });
    if (got < 0) cannot_read(path_, reason(errno));
    CAROUSEL_CHECK(got > 0, "{} ends at byte {}, but had {} bytes when it was opened",
                   path_.string(), offset, size_);
    out = out.subspan(static_cast<std::size_t>(got));
    offset += got;
  }
}

AtomicFile::AtomicFile(const fs::path& path) : path_(path), target_(follow_links(path)) {
  struct stat status {};
  if (::stat(target_.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) cannot_write(path_, EISDIR);
    // A rename would put a file in place of the device or pipe.
    CAROUSEL_CHECK(S_ISREG(status.st_mode), "cannot write {}: not a regular file", path_.string());
  }
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = target_;
    temporary_ += fmt::format(".{}.{}.tmp", ::getpid(), attempt);
    descriptor_ = Descriptor(disk::create(temporary_, O_EXCL));
    if (descriptor_ < 0 && errno != EEXIST) cannot_write(path_, errno);
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) disk::remove(temporary_);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (const int error = write_all(descriptor_, bytes)) cannot_write(path_, error);
}

void AtomicFile::flush() {
  if (disk::sync(descriptor_) != 0) cannot_write(path_, errno);
}

void AtomicFile::commit() {
  flush();
  if (disk::close(descriptor_.release()) != 0) cannot_write(path_, errno);
  if (disk::rename(temporary_, target_) != 0) cannot_write(path_, errno);
  temporary_.clear();
  sync_directory(target_.parent_path());
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

GrowingFile::GrowingFile(const fs::path& path)
    : path_(path), descriptor_(disk::create(path, O_TRUNC | O_APPEND)) {
  if (descriptor_ < 0) cannot_write(path_, errno);
}

void GrowingFile::write(std::string_view bytes) {
  const int error = write_all(descriptor_, std::as_bytes(std::span(bytes)));
  if (error != 0) cannot_write(path_, error);
}

void GrowingFile::flush() {
  if (disk::sync(descriptor_) != 0) cannot_write(path_, errno);
}

}  // namespace carousel
