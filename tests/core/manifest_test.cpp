#include "core/manifest.h"

#include <doctest/doctest.h>

#include "core/checksum.h"
#include "core/directory.h"
#include "core/file.h"
#include "tests/core/complaint.h"

namespace carousel {

namespace {

std::string checksum_of(std::string_view text) {
  Checksum checksum;
  checksum.add(std::as_bytes(std::span(text)));
  return checksum.text();
}

struct Scene {
  TemporaryDirectory directory;
  std::filesystem::path at = directory / "d";

  Scene() {
    make_directories(at);
    put("a", "first");
    put("b c", "");
    write_manifest(at);
  }

  void put(const char* name, std::string_view bytes) const {
    write_file_atomically(at / name, bytes);
  }
  std::string check() const {
    return complaint(directory, [&] { check_manifest(at); });
  }
};

}  // namespace

// From xxh128sum, version 0.8.1.
TEST_CASE("checksums are those of xxh128sum, however the bytes come") {
  CHECK(checksum_of("") == "99aa06d3014798d86001c324468d497f");
  CHECK(checksum_of("carousel\n") == "34cf777d6a9f764144e534fc16cb9727");
  Checksum parts;
  for (const std::string_view part : {"car", "", "ousel", "\n"}) {
    parts.add(std::as_bytes(std::span(part)));
  }
  CHECK(parts.text() == checksum_of("carousel\n"));
}

TEST_CASE("a manifest has a line per file") {
  const Scene s;
  CHECK(read_file(s.at / "checksums") ==
        checksum_of("first") + "  a\n" + checksum_of("") + "  b c\n");
  CHECK(s.check() == "nothing");
}

TEST_CASE("a manifest finds files that changed, are missing, or are too many") {
  const Scene s;
  s.put("a", "fir5t");
  CHECK(s.check() == "d/a has another checksum than in d/checksums");
  s.put("a", "");
  CHECK(s.check() == "d/a has another checksum than in d/checksums");
  remove_tree(s.at / "a");
  CHECK(s.check() == "cannot read d/a: No such file or directory");
  s.put("a", "first");
  CHECK(s.check() == "nothing");
  s.put("c", "third");
  CHECK(s.check() == "d/c is not among the files in d/checksums");
  remove_tree(s.at / "c");
  make_directories(s.at / "c");
  CHECK(s.check() == "d/c is not a regular file");
  remove_tree(s.at / "c");
  remove_tree(s.at / "checksums");
  CHECK(s.check() == "cannot read d/checksums: No such file or directory");
}

TEST_CASE("a manifest that is none is named with the line") {
  const Scene s;
  const std::string whole = read_file(s.at / "checksums");
  const auto check = [&](const std::string& text) {
    s.put("checksums", text);
    return s.check();
  };
  CHECK(check(whole.substr(0, whole.size() - 1)) ==
        "d/checksums: line 2 is not a checksum and a name");
  CHECK(check("x" + whole) == "d/checksums: line 1 is not a checksum and a name");
  CHECK(check(whole + "\n") == "d/checksums: line 3 is not a checksum and a name");
  CHECK(check(whole + whole) == "d/checksums: a is there twice");
  CHECK(check(whole + std::string(32, '0') + "  ../b\n") ==
        "d/checksums: ../b is not a file beside it");
  CHECK(check("") == "cannot read d/checksums: the file is empty");
}

}  // namespace carousel
