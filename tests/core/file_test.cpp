#include "core/file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/error.h"
#include "tests/core/complaint.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

void put(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Files may not grow past a size while it lives: what a full disk looks like.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("what was written is read and mapped, byte for byte") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "file";
  std::string bytes(3 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 % 251);
  write_file_atomically(path, bytes);
  CHECK(read_file(path) == bytes);
  const MappedFile mapped(path);
  REQUIRE(mapped.bytes().size() == bytes.size());
  CHECK(std::equal(bytes.begin(), bytes.end(), mapped.bytes().begin(),
                   [](char a, std::byte b) { return static_cast<std::byte>(a) == b; }));
  write_file_atomically(path, "short");
  CHECK(read_file(path) == "short");
  CHECK(directory.size() == 1);
}

TEST_CASE("a mapped file can be moved") {
  const TemporaryDirectory directory;
  put(directory / "a", "first");
  put(directory / "b", "second");
  MappedFile file(directory / "a");
  MappedFile moved = std::move(file);
  CHECK(moved.bytes().size() == 5);
  moved = MappedFile(directory / "b");
  CHECK(moved.bytes().size() == 6);
  CHECK(moved.path() == directory / "b");
}

TEST_CASE("a file is read here and there, and one that has shrunk is an error") {
  const TemporaryDirectory directory;
  put(directory / "a", "0123456789");
  const RandomAccessFile file(directory / "a");
  CHECK(file.size() == 10);
  const auto read = [&](std::int64_t offset, std::size_t count) {
    std::string bytes(count, ' ');
    file.read(offset, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  };
  CHECK(read(0, 10) == "0123456789");
  CHECK(read(7, 2) == "78");
  CHECK(read(10, 0).empty());
  fs::resize_file(directory / "a", 8);
  CHECK(read(7, 1) == "7");
  CHECK(complaint(directory, [&] { read(7, 2); }) ==
        "a ends at byte 8, but had 10 bytes when it was opened");
}

TEST_CASE("reading: missing, directory, empty, pipe, no permission") {
  const TemporaryDirectory directory;
  put(directory / "empty", "");
  put(directory / "locked", "x");
  ::mkfifo((directory / "pipe").c_str(), 0600);
  const auto read = [&](const char* name) {
    return complaint(directory, [&] { read_file(directory / name); });
  };
  const auto map = [&](const char* name) {
    const std::string sentence = complaint(directory, [&] { MappedFile{directory / name}; });
    CHECK(complaint(directory, [&] { RandomAccessFile{directory / name}; }) == sentence);
    return sentence;
  };
  CHECK(read("none") == "cannot read none: No such file or directory");
  CHECK(map("none") == "cannot read none: No such file or directory");
  CHECK(read(".") == "cannot read .: Is a directory");
  CHECK(map(".") == "cannot read .: Is a directory");
  CHECK(read("empty") == "cannot read empty: the file is empty");
  CHECK(map("empty") == "cannot read empty: the file is empty");
  CHECK(read_file(directory / "empty", Empty::allowed).empty());
  CHECK(map("pipe") == "cannot read pipe: not a regular file");
  CHECK(read("locked/below") == "cannot read locked/below: Not a directory");
  fs::permissions(directory / "locked", fs::perms::none);
  if (::geteuid() != 0) {  // root may read everything
    CHECK(read("locked") == "cannot read locked: Permission denied");
    CHECK(map("locked") == "cannot read locked: Permission denied");
  }
}

TEST_CASE("writing: no directory, a directory, no regular file, no permission") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "folder");
  put(directory / "file", "x");
  ::mkfifo((directory / "pipe").c_str(), 0600);
  const auto write = [&](const char* name) {
    return complaint(directory, [&] { write_file_atomically(directory / name, "text"); });
  };
  CHECK(write("none/file") == "cannot write none/file: No such file or directory");
  CHECK(write("folder") == "cannot write folder: Is a directory");
  CHECK(write("file/below") == "cannot write file/below: Not a directory");
  CHECK(write("pipe") == "cannot write pipe: not a regular file");
  CHECK_THROWS_AS(write_file_atomically("", "text"), Error);
  CHECK_THROWS_AS(write_file_atomically(directory / "new/", "text"), Error);
  CHECK(directory.size() == 3);
  if (::geteuid() != 0) {
    fs::permissions(directory / "folder", fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(write("folder/file") == "cannot write folder/file: Permission denied");
    fs::permissions(directory / "folder", fs::perms::owner_all);
  }
}

TEST_CASE("a full disk leaves the old file and nothing else") {
  const TemporaryDirectory directory;
  put(directory / "file", "old");
  {
    const FileSizeLimit limit(10000);
    CHECK(complaint(directory, [&] {
            write_file_atomically(directory / "file", std::string(1 << 20, 'x'));
          }) == "cannot write file: File too large");
  }
  CHECK(read_file(directory / "file") == "old");
  CHECK(directory.size() == 1);
}

TEST_CASE("without commit nothing appears, and what was there stays") {
  const TemporaryDirectory directory;
  put(directory / "file", "old");
  {
    AtomicFile file(directory / "file");
    file.write("new");
    AtomicFile other(directory / "file");  // at the same time
    other.write("other");
    CHECK(read_file(directory / "file") == "old");
  }
  CHECK(read_file(directory / "file") == "old");
  CHECK(directory.size() == 1);
}

TEST_CASE("writing through a link keeps the link") {
  const TemporaryDirectory directory;
  put(directory / "file", "old");
  fs::create_symlink("file", directory / "link");
  write_file_atomically(directory / "link", "new");
  CHECK(fs::is_symlink(directory / "link"));
  CHECK(read_file(directory / "file") == "new");
  CHECK(directory.size() == 2);
}

TEST_CASE("a growing file starts empty, and what is written is there at once") {
  const TemporaryDirectory directory;
  put(directory / "file", "old");
  GrowingFile file(directory / "file");
  CHECK(read_file(directory / "file", Empty::allowed).empty());
  file.write("one\n");
  CHECK(read_file(directory / "file") == "one\n");
  file.write("two\n");
  CHECK(read_file(directory / "file") == "one\ntwo\n");
  CHECK_THROWS_AS(GrowingFile(directory / "none/file"), Error);
}

}  // namespace carousel
