// Directories: made, emptied, and filled all or nothing. Every failure is one sentence with the
// path and the reason.
#pragma once

#include <filesystem>

namespace carousel {

// Creates a directory and those above it; one that exists is fine. Throws Error, naming what is in
// the way.
void make_directories(const std::filesystem::path& path);

// Brings the names in a directory ("" is the current one) to the disk. Throws Error.
void sync_directory(const std::filesystem::path& path);

// Gives a file or directory a new name on the same file system; a file there is replaced.
// Throws Error.
void move(const std::filesystem::path& from, const std::filesystem::path& to);

// Removes a file, a link, or a directory with all that is in it; nothing there is fine. Throws
// Error.
void remove_tree(const std::filesystem::path& path);

// Removes a directory that nobody sees half empty: it loses its name first. Throws Error.
void discard(const std::filesystem::path& directory);

// A directory that appears under a new name complete, or not at all: files are made in a temporary
// directory beside it, which commit() renames. Without commit(), that is removed.
class AtomicDirectory {
 public:
  // Throws Error when nothing can be created there.
  explicit AtomicDirectory(const std::filesystem::path& path);
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;
  ~AtomicDirectory();

  // Where to make the files, each flushed to the disk.
  const std::filesystem::path& filling() const { return temporary_; }
  void commit();  // throws Error

  // Whether a name is one of those that a killed process may leave: half filled, half removed.
  static bool is_temporary(const std::filesystem::path& path);

 private:
  std::filesystem::path path_, temporary_;
};

}  // namespace carousel
