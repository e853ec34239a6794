#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/safetensors.h"

namespace carousel {

namespace {

constexpr std::size_t alignment = 8;
constexpr std::size_t max_header = 100'000'000;

template <class T>
constexpr const char* dtype = "I32";
template <>
constexpr const char* dtype<float> = "F32";
template <>
constexpr const char* dtype<double> = "F64";

template <class T>
std::size_t size_of(const Tensor<T>& tensor) {
  return static_cast<std::size_t>(tensor.numel()) * sizeof(T);
}

// "text" with JSON's escapes.
std::string quoted(const std::string& path, std::string_view text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    fail("cannot write {}: a name or text in it is not UTF-8", path);
  }
}

template <class T>
std::string entry(const Tensor<T>& tensor, std::size_t begin) {
  return fmt::format(R"({{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", dtype<T>,
                     fmt::join(tensor.shape(), ","), begin, begin + size_of(tensor));
}

void check_tensors(const std::string& path, const std::vector<NamedTensor>& tensors) {
  std::set<std::string_view> names{"__metadata__"};
  for (const auto& [name, tensor] : tensors) {
    CAROUSEL_CHECK(names.insert(name).second, "cannot write {}: the name {} {}", path, name,
                   name == "__metadata__" ? "is reserved" : "is there twice");
    CAROUSEL_CHECK(std::visit([](const auto& t) { return t.defined(); }, tensor),
                   "cannot write {}: tensor {} is undefined", path, name);
  }
}

// The header with its padding, so that the data starts at a multiple of 8.
std::string make_header(const std::string& path, const std::vector<NamedTensor>& tensors,
                        const Metadata& metadata) {
  std::vector<std::string> fields;
  if (!metadata.empty()) {
    std::vector<std::string> texts;
    for (const auto& [key, text] : metadata) {
      texts.push_back(quoted(path, key) + ":" + quoted(path, text));
    }
    fields.push_back(fmt::format(R"("__metadata__":{{{}}})", fmt::join(texts, ",")));
  }
  std::size_t offset = 0;
  for (const NamedTensor& named : tensors) {
    const auto add = [&](const auto& tensor) {
      fields.push_back(quoted(path, named.name) + ":" + entry(tensor, offset));
      offset += size_of(tensor);
    };
    std::visit(add, named.tensor);
  }
  std::string header = fmt::format("{{{}}}", fmt::join(fields, ","));
  header.resize((header.size() + alignment - 1) / alignment * alignment, ' ');
  CAROUSEL_CHECK(header.size() <= max_header, "cannot write {}: a header of {} bytes, want {}",
                 path, header.size(), max_header);
  return header;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                       const Metadata& metadata) {
  check_tensors(path.string(), tensors);
  const std::string header = make_header(path.string(), tensors, metadata);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const auto& named : tensors) {
    const auto write = [&](const auto& tensor) {
      const auto on_host = tensor.to(Device::cpu);
      file.write(std::as_bytes(on_host.values()));
    };
    std::visit(write, named.tensor);
  }
  file.commit();
}

}  // namespace carousel
