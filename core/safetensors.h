// Safetensors: named tensors in a file, https://huggingface.co/docs/safetensors.
//
//   u64, little-endian: length of the header     at most 100,000,000
//   header: JSON, {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, …,
//                  "__metadata__": {"key": "text", …}}
//   data: row-major and little-endian, without holes; offsets count from its first byte
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/file.h"
#include "core/tensor.h"

namespace carousel {

using Metadata = std::map<std::string, std::string>;

// A file opened for reading. The constructor checks all of it but the numbers, so that nothing a
// file says can lead outside of it. Every message names the file and, from the header on, the
// tensor.
class Safetensors {
 public:
  // What the header says about one tensor.
  struct Entry {
    std::string name;
    std::string dtype;
    std::vector<std::int64_t> sizes = {};
    std::uint64_t begin = 0, end = 0;  // in the data, in bytes
  };

  // Throws Error when the file cannot be read or is not exactly what the format says: length, JSON,
  // duplicate names, dtype, shape, sizes, overlaps, holes, bytes left over.
  explicit Safetensors(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const Metadata& metadata() const { return metadata_; }
  std::vector<std::string> names() const;  // in the order of the data
  bool contains(std::string_view name) const { return index_.find(name) != index_.end(); }

  // All three throw Error for a name that the file does not have. So does a shape that
  // Shape refuses: one of too many axes, say.
  std::string_view dtype(std::string_view name) const { return find(name).dtype; }
  Shape shape(std::string_view name) const;

  // A copy on the cpu in the element type asked for: float and double from F64, F32, F16, BF16;
  // std::int32_t from signed and unsigned integers. Throws Error for other dtypes and for a number
  // that does not fit; floats are rounded.
  template <class T>
  Tensor<T> read(std::string_view name) const;

 private:
  const Entry& find(std::string_view name) const;
  template <class Stored, class T>
  Tensor<T> convert(const Entry& entry) const;

  MappedFile file_;
  std::span<const std::byte> data_;
  Metadata metadata_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

struct NamedTensor {
  std::string name;
  std::variant<Tensor<float>, Tensor<double>, Tensor<std::int32_t>> tensor;
};

// Writes the tensors in the order given, as F32, F64 and I32, without a second copy in memory;
// those on another device come to the host one by one. The file appears complete or not at all.
// Throws Error on a duplicate or reserved name, an undefined tensor, text that is not UTF-8, and
// what AtomicFile throws.
void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const Metadata& metadata = {});

}  // namespace carousel
