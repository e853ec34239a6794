// Files put together byte by byte, as the safetensors format wants them or not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>

namespace carousel {

inline void put(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::remove(path);  // some file systems wait for the disk when a file is overwritten
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

// A file as the format wants it: length, header, data.
inline std::string assemble(std::string_view header, std::string_view data) {
  return raw({std::uint64_t{header.size()}}).append(header).append(data);
}

}  // namespace carousel
