#include "core/directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "core/descriptor.h"
#include "core/disk.h"
#include "core/error.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

constexpr const char* temporary_ending = ".part";

std::string reason(int error) { return std::generic_category().message(error); }

bool is_a_directory(const fs::path& path) {
  std::error_code unknown;
  return fs::is_directory(path, unknown);
}

[[noreturn]] void cannot_create(const fs::path& path, int error) {
  // What is in the way may be a file further up.
  for (fs::path above = path; !above.empty(); above = above.parent_path()) {
    std::error_code unknown;
    const bool in_the_way = fs::exists(above, unknown) && !is_a_directory(above);
    CAROUSEL_CHECK(!in_the_way, "cannot create the directory {}: {} is not a directory",
                   path.string(), above.string());
    if (above == above.parent_path()) break;
  }
  fail("cannot create the directory {}: {}", path.string(), reason(error));
}

[[noreturn]] void cannot_remove(const fs::path& path, int error) {
  fail("cannot remove {}: {}", path.string(), reason(error));
}

fs::path temporary_of(fs::path path) {
  path += temporary_ending;
  return path;
}

void remove_entries(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  if (error) cannot_remove(directory, error.value());
  for (const auto& entry : entries) remove_tree(entry);
}

}  // namespace

void make_directories(const fs::path& path) {
  fs::path way;
  for (const auto& step : path) {
    way /= step;
    if (is_a_directory(way) || disk::make_directory(way) == 0) continue;
    const int error = errno;
    if (!is_a_directory(way)) cannot_create(path, error);
  }
  if (!is_a_directory(path)) cannot_create(path, ENOENT);
}

void sync_directory(const fs::path& path) {
  const fs::path named = path.empty() ? fs::path(".") : path;
  const Descriptor directory(::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // One that may be written to but not read cannot be synced.
  if (directory < 0 && errno == EACCES) return;
  if (directory < 0 || disk::sync(directory) != 0) {
    fail("cannot write to the directory {}: {}", named.string(), reason(errno));
  }
}

void move(const fs::path& from, const fs::path& to) {
  if (disk::rename(from, to) == 0) return;
  fail("cannot move {} to {}: {}", from.string(), to.string(), reason(errno));
}

void remove_tree(const fs::path& path) {
  std::error_code unknown;
  if (fs::is_directory(fs::symlink_status(path, unknown))) remove_entries(path);
  if (disk::remove(path) != 0 && errno != ENOENT) cannot_remove(path, errno);
}

void discard(const fs::path& directory) {
  const fs::path temporary = temporary_of(directory);
  remove_tree(temporary);
  move(directory, temporary);
  remove_tree(temporary);
}

AtomicDirectory::AtomicDirectory(const fs::path& path) : path_(path) {
  const fs::path temporary = temporary_of(path);
  remove_tree(temporary);
  if (disk::make_directory(temporary) != 0) cannot_create(temporary, errno);
  temporary_ = temporary;
}

AtomicDirectory::~AtomicDirectory() {
  if (temporary_.empty()) return;
  try {
    remove_tree(temporary_);
  } catch (const Error&) {  // it stays, and nobody takes it for the directory
  }
}

void AtomicDirectory::commit() {
  sync_directory(temporary_);
  move(temporary_, path_);
  temporary_.clear();
  sync_directory(path_.parent_path());
}

bool AtomicDirectory::is_temporary(const fs::path& path) {
  return path.extension() == temporary_ending;
}

}  // namespace carousel
