#include "core/disk.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "core/directory.h"
#include "core/file.h"
#include "tests/core/complaint.h"

namespace carousel {

TEST_CASE("a write, sync, close or rename that fails leaves the old file and one sentence") {
  const TemporaryDirectory directory;
  write_file_atomically(directory / "file", "old");
  using disk::Call;
  for (const Call failing : {Call::create, Call::write, Call::sync, Call::close, Call::rename}) {
    int calls = 0;
    const disk::FaultInjection injection(
        [&](Call call) { return call == failing && ++calls == 1 ? EIO : 0; });
    CHECK(complaint(directory, [&] { write_file_atomically(directory / "file", "new"); }) ==
          "cannot write file: Input/output error");
    CHECK(read_file(directory / "file") == "old");
    CHECK(directory.size() == 1);
  }
}

TEST_CASE("a directory whose names do not reach the disk is an error") {
  const TemporaryDirectory directory;
  int syncs = 0;
  const disk::FaultInjection injection(
      [&](disk::Call call) { return call == disk::Call::sync && ++syncs == 2 ? ENOSPC : 0; });
  CHECK_THROWS_AS(write_file_atomically(directory / "file", "new"), Error);
}

TEST_CASE("a failing write has written half") {
  const TemporaryDirectory directory;
  GrowingFile file(directory / "file");
  {
    const disk::FaultInjection injection(
        [](disk::Call call) { return call == disk::Call::write ? ENOSPC : 0; });
    CHECK(complaint(directory, [&] { file.write("1234"); }) ==
          "cannot write file: No space left on device");
  }
  file.write("5");
  CHECK(read_file(directory / "file") == "125");
}

TEST_CASE("directories that cannot be made or removed are named") {
  const TemporaryDirectory directory;
  make_directories(directory / "a/b");
  const disk::FaultInjection injection([](disk::Call) { return EROFS; });
  CHECK(complaint(directory, [&] { make_directories(directory / "c"); }) ==
        "cannot create the directory c: Read-only file system");
  CHECK(complaint(directory, [&] { remove_tree(directory / "a"); }) ==
        "cannot remove a/b: Read-only file system");
  CHECK_NOTHROW(make_directories(directory / "a/b"));
}

}  // namespace carousel
