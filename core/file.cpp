#include "core/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void cannot_read(const fs::path& path, std::string_view why) {
  fail("cannot read {}: {}", path.string(), why);
}

// Closes on every way out.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  operator int() const { return number_; }

 private:
  int number_;
};

// Up to count bytes, or −1; a signal is no reason to stop.
ssize_t read_some(int descriptor, char* bytes, std::size_t count) {
  ssize_t got;
  do {
    got = ::read(descriptor, bytes, count);
  } while (got < 0 && errno == EINTR);
  return got;
}

bool sync(int descriptor) {
  // Some file systems cannot, and say EINVAL.
  return ::fsync(descriptor) == 0 || errno == EINVAL;
}

fs::path follow_links(const fs::path& path) {
  std::error_code unresolved;
  const fs::path target = fs::weakly_canonical(path, unresolved);
  return unresolved ? path : target;
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

std::string read_file(const fs::path& path, Empty empty) {
  const Descriptor file(path, O_RDONLY);
  if (file < 0) cannot_read(path, reason(errno));
  constexpr std::size_t step = std::size_t{1} << 20;
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + step);
    const ssize_t got = read_some(file, bytes.data() + before, step);
    if (got < 0) cannot_read(path, reason(errno));
    bytes.resize(before + static_cast<std::size_t>(got));
    if (got == 0) break;
  }
  if (bytes.empty() && empty == Empty::refused) cannot_read(path, "the file is empty");
  return bytes;
}

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const Descriptor file(path, O_RDONLY | O_NONBLOCK);  // opening a pipe must not wait for a writer
  struct stat status {};
  if (file < 0 || ::fstat(file, &status) != 0) cannot_read(path, reason(errno));
  if (S_ISDIR(status.st_mode)) cannot_read(path, reason(EISDIR));
  if (!S_ISREG(status.st_mode)) cannot_read(path, "not a regular file");
  if (status.st_size == 0) cannot_read(path, "the file is empty");
  size_ = static_cast<std::size_t>(status.st_size);
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

AtomicFile::AtomicFile(const fs::path& path) : path_(path), target_(follow_links(path)) {
  struct stat status {};
  if (::stat(target_.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) fail_with(EISDIR);
    // A rename would put a file in place of the device or pipe.
    CAROUSEL_CHECK(S_ISREG(status.st_mode), "cannot write {}: not a regular file", path_.string());
  }
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    temporary_ = target_;
    temporary_ += fmt::format(".{}.{}.tmp", ::getpid(), attempt);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) fail_with(errno);
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    // Some systems refuse more than 2 GiB in one call.
    const std::size_t step = std::min(bytes.size(), std::size_t{1} << 30);
    const ssize_t written = ::write(descriptor_, bytes.data(), step);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::flush() {
  if (!sync(descriptor_)) fail_with(errno);
}

void AtomicFile::commit() {
  flush();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail_with(errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_with(errno);
  temporary_.clear();
  // The new name itself is on the disk only when the directory is.
  const Descriptor directory(directory_of(target_), O_RDONLY | O_DIRECTORY);
  if (directory >= 0 && !sync(directory)) fail_with(errno);
}

void AtomicFile::fail_with(int error) const {
  fail("cannot write {}: {}", path_.string(), reason(error));
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && fs::is_directory(path, error)) return;
  // What is in the way may be a file further up.
  for (fs::path above = path; !above.empty(); above = above.parent_path()) {
    std::error_code unknown;
    const bool in_the_way = fs::exists(above, unknown) && !fs::is_directory(above, unknown);
    CAROUSEL_CHECK(!in_the_way, "cannot create the directory {}: {} is not a directory",
                   path.string(), above.string());
    if (above == above.parent_path()) break;
  }
  fail("cannot create the directory {}: {}", path.string(), error.message());
}

}  // namespace carousel
