// The manifest of a directory: a file `checksums` with the checksum of every other file in it. A
// line is "32 hexadecimal digits, two spaces, name", so that `xxh128sum --check checksums` reads
// it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace carousel {

// Writes it, in the order of the names. Throws Error for a directory inside, and for what
// cannot be read or written.
void write_manifest(const std::filesystem::path& directory);

// Throws Error unless the directory holds exactly the files of its manifest, bit for bit. The
// sentence names what is wrong: a file that is missing or one too many, that cannot be read, or
// whose checksum is another; what is no regular file; a line of the manifest that is none.
void check_manifest(const std::filesystem::path& directory);

// The same for those files alone, by their names. Others are not looked at.
void check_manifest(const std::filesystem::path& directory, const std::vector<std::string>& names);

}  // namespace carousel
