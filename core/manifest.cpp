#include "core/manifest.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/checksum.h"
#include "core/error.h"
#include "core/file.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

constexpr const char* manifest_name = "checksums";
constexpr std::size_t digits = 32;

// Checksums by the names of files.
using Sums = std::map<std::string, std::string, std::less<>>;

// The names of all entries but the manifest. Reading a pipe would wait for a writer.
std::vector<std::string> names_in(const fs::path& directory) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    CAROUSEL_CHECK(at->is_regular_file(), "{} is not a regular file", at->path().string());
    if (name != manifest_name) names.push_back(name);
  }
  CAROUSEL_CHECK(!error, "cannot read {}: {}", directory.string(), error.message());
  std::ranges::sort(names);
  return names;
}

std::string checksum_of(const fs::path& file) {
  Checksum checksum;
  read_in_pieces(file, [&](std::span<const std::byte> piece) { checksum.add(piece); });
  return checksum.text();
}

bool is_sum(std::string_view text) {
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Sums parse(std::string_view text, const std::string& origin) {
  Sums sums;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string_view content = text.substr(0, end);
    const bool well_formed = end != std::string_view::npos && content.size() > digits + 2 &&
                             is_sum(content.substr(0, digits)) && content.substr(digits, 2) == "  ";
    CAROUSEL_CHECK(well_formed, "{}: line {} is not a checksum and a name", origin, line);
    const std::string name(content.substr(digits + 2));
    CAROUSEL_CHECK(name.find('/') == name.npos, "{}: {} is not a file beside it", origin, name);
    CAROUSEL_CHECK(sums.emplace(name, content.substr(0, digits)).second, "{}: {} is there twice",
                   origin, name);
    text.remove_prefix(end + 1);
  }
  return sums;
}

void check_sum(const fs::path& file, const std::string& sum, const std::string& origin) {
  std::error_code unknown;
  CAROUSEL_CHECK(!fs::exists(file, unknown) || fs::is_regular_file(file, unknown),
                 "{} is not a regular file", file.string());
  CAROUSEL_CHECK(checksum_of(file) == sum, "{} has another checksum than in {}", file.string(),
                 origin);
}

}  // namespace

void write_manifest(const fs::path& directory) {
  std::string text;
  for (const auto& name : names_in(directory)) {
    text += fmt::format("{}  {}\n", checksum_of(directory / name), name);
  }
  write_file_atomically(directory / manifest_name, text);
}

void check_manifest(const fs::path& directory) {
  const std::string origin = (directory / manifest_name).string();
  const auto names = names_in(directory);
  const Sums sums = parse(read_file(origin), origin);
  for (const auto& name : names) {
    CAROUSEL_CHECK(sums.contains(name), "{} is not among the files in {}",
                   (directory / name).string(), origin);
  }
  for (const auto& [name, sum] : sums) check_sum(directory / name, sum, origin);
}

void check_manifest(const fs::path& directory, const std::vector<std::string>& names) {
  const std::string origin = (directory / manifest_name).string();
  const Sums sums = parse(read_file(origin), origin);
  for (const auto& name : names) {
    const auto found = sums.find(name);
    CAROUSEL_CHECK(found != sums.end(), "{} is not among the files in {}",
                   (directory / name).string(), origin);
    check_sum(directory / name, found->second, origin);
  }
}

}  // namespace carousel
