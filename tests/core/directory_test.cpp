#include "core/directory.h"

#include <doctest/doctest.h>

#include "core/file.h"
#include "tests/core/complaint.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

void put(const fs::path& path) { write_file_atomically(path, "x"); }

}  // namespace

TEST_CASE("make_directories creates the whole way and names what is in it") {
  const TemporaryDirectory directory;
  make_directories(directory / "a/b/c");
  CHECK(fs::is_directory(directory / "a/b/c"));
  CHECK_NOTHROW(make_directories(directory / "a/b/c"));
  CHECK_NOTHROW(make_directories(directory / "a/b/d/"));
  put(directory / "file");
  const auto create = [&](const char* name) {
    return complaint(directory, [&] { make_directories(directory / name); });
  };
  CHECK(create("file") == "cannot create the directory file: file is not a directory");
  CHECK(create("file/a/b") == "cannot create the directory file/a/b: file is not a directory");
  CHECK_THROWS_AS(make_directories(""), Error);
}

TEST_CASE("remove_tree takes everything, but does not follow links") {
  const TemporaryDirectory directory;
  make_directories(directory / "a/b");
  put(directory / "a/b/file");
  put(directory / "file");
  fs::create_directory_symlink("..", directory / "a/up");
  remove_tree(directory / "a");
  CHECK(!fs::exists(directory / "a"));
  CHECK_NOTHROW(remove_tree(directory / "a"));
  CHECK(fs::exists(directory / "file"));
  remove_tree(directory / "file");
  CHECK(directory.size() == 0);
}

TEST_CASE("move replaces a file and names what it cannot move") {
  const TemporaryDirectory directory;
  put(directory / "a");
  write_file_atomically(directory / "b", "old");
  move(directory / "a", directory / "b");
  CHECK(read_file(directory / "b") == "x");
  CHECK(complaint(directory, [&] { move(directory / "a", directory / "b"); }) ==
        "cannot move a to b: No such file or directory");
}

TEST_CASE("an atomic directory appears complete, or not at all") {
  const TemporaryDirectory directory;
  make_directories(directory / "new.part/left by a killed process");
  {
    AtomicDirectory made(directory / "new");
    CHECK(AtomicDirectory::is_temporary(made.filling()));
    CHECK(!AtomicDirectory::is_temporary(directory / "new"));
    put(made.filling() / "file");
    CHECK(!fs::exists(directory / "new"));
  }
  CHECK(directory.size() == 0);
  AtomicDirectory made(directory / "new");
  put(made.filling() / "file");
  made.commit();
  CHECK(directory.size() == 1);
  CHECK(fs::exists(directory / "new/file"));
  discard(directory / "new");
  CHECK(directory.size() == 0);
  CHECK_THROWS_AS(AtomicDirectory(directory / "none/new"), Error);
}

}  // namespace carousel
