#include "core/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/json.h"

namespace carousel {

namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using nlohmann::json;
using Entry = Safetensors::Entry;

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t max_header = 100'000'000;
constexpr auto metadata_key = "__metadata__";

struct Dtype {
  std::string_view name;
  std::uint64_t bits;
};
constexpr std::array dtypes{
    Dtype{"F64", 64},    Dtype{"F32", 32},    Dtype{"F16", 16},    Dtype{"BF16", 16},
    Dtype{"I64", 64},    Dtype{"I32", 32},    Dtype{"I16", 16},    Dtype{"I8", 8},
    Dtype{"U64", 64},    Dtype{"U32", 32},    Dtype{"U16", 16},    Dtype{"U8", 8},
    Dtype{"BOOL", 8},    Dtype{"C64", 64},    Dtype{"F8_E4M3", 8}, Dtype{"F8_E5M2", 8},
    Dtype{"F8_E8M0", 8}, Dtype{"F6_E2M3", 6}, Dtype{"F6_E3M2", 6}, Dtype{"F4", 4},
};

// Reads one header; every complaint starts with the file.
class HeaderReader {
 public:
  explicit HeaderReader(const MappedFile& file) : file_(file.path().string()) {
    const auto bytes = file.bytes();
    CAROUSEL_CHECK(bytes.size() >= length_bytes,
                   "{}: got {} bytes, want {} for the length of a safetensors header", file_,
                   bytes.size(), length_bytes);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), length_bytes);
    CAROUSEL_CHECK(length <= max_header, "{}: the safetensors header has {} bytes, want at most {}",
                   file_, length, max_header);
    const auto rest = bytes.subspan(length_bytes);
    CAROUSEL_CHECK(length <= rest.size(),
                   "{}: the safetensors header has {} bytes, but only {} follow", file_, length,
                   rest.size());
    text_ = {reinterpret_cast<const char*>(rest.data()), length};
    data_ = rest.subspan(length);
  }

  std::span<const std::byte> data() const { return data_; }

  // The tensors in the order of the data.
  std::vector<Entry> read(Metadata& metadata) const {
    const json header = parse_json(text_, file_ + ": header");
    CAROUSEL_CHECK(header.is_object(), "{}: the header got {}, want an object", file_,
                   show(header));
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (name == metadata_key) {
        metadata = read_metadata(value);
      } else {
        entries.push_back(read_entry(name, value));
      }
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    check_layout(entries);
    return entries;
  }

 private:
  Metadata read_metadata(const json& value) const {
    CAROUSEL_CHECK(value.is_object(), "{}: {} got {}, want an object", file_, metadata_key,
                   show(value));
    Metadata metadata;
    for (const auto& [key, text] : value.items()) {
      CAROUSEL_CHECK(text.is_string(), "{}: {}: {} got {}, want a string", file_, metadata_key, key,
                     show(text));
      metadata[key] = text.get<std::string>();
    }
    return metadata;
  }

  Entry read_entry(const std::string& name, const json& value) const {
    CAROUSEL_CHECK(value.is_object(), "{}: tensor {} got {}, want an object", file_, name,
                   show(value));
    const json& dtype = member(name, value, "dtype");
    CAROUSEL_CHECK(dtype.is_string(), "{}: tensor {}: dtype got {}, want a string", file_, name,
                   show(dtype));
    Entry entry{.name = name, .dtype = dtype.get<std::string>()};
    const json& shape = member(name, value, "shape");
    CAROUSEL_CHECK(shape.is_array(), "{}: tensor {}: shape got {}, want a list", file_, name,
                   show(shape));
    for (const json& size : shape) {
      CAROUSEL_CHECK(
          size.is_number_unsigned() && std::in_range<std::int64_t>(size.get<std::uint64_t>()),
          "{}: tensor {}: shape got {}, want sizes of at least 0", file_, name, show(shape));
      entry.sizes.push_back(size.get<std::int64_t>());
    }
    const json& offsets = member(name, value, "data_offsets");
    const bool pair = offsets.is_array() && offsets.size() == 2 &&
                      offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned();
    CAROUSEL_CHECK(pair, "{}: tensor {}: data_offsets got {}, want [begin, end]", file_, name,
                   show(offsets));
    entry.begin = offsets[0].get<std::uint64_t>();
    entry.end = offsets[1].get<std::uint64_t>();
    check_size(entry);
    return entry;
  }

  const json& member(const std::string& name, const json& tensor, const char* key) const {
    const auto found = tensor.find(key);
    CAROUSEL_CHECK(found != tensor.end(), "{}: tensor {} has no {}", file_, name, key);
    return *found;
  }

  void check_size(const Entry& entry) const {
    CAROUSEL_CHECK(entry.begin <= entry.end && entry.end <= data_.size(),
                   "{}: tensor {}: data_offsets got [{}, {}], but the file has {} bytes of data",
                   file_, entry.name, entry.begin, entry.end, data_.size());
    const auto dtype = std::find_if(dtypes.begin(), dtypes.end(),
                                    [&](const Dtype& known) { return known.name == entry.dtype; });
    CAROUSEL_CHECK(dtype != dtypes.end(), "{}: tensor {}: dtype got {}, which is unknown", file_,
                   entry.name, show(entry.dtype));
    std::uint64_t bits = dtype->bits;
    bool overflow = false;
    for (const auto size : entry.sizes) {
      overflow = overflow || __builtin_mul_overflow(bits, static_cast<std::uint64_t>(size), &bits);
    }
    const std::uint64_t got = entry.end - entry.begin;
    CAROUSEL_CHECK(!overflow && bits % 8 == 0 && got == bits / 8,
                   "{}: tensor {}: got {} bytes, which are not {} [{}]", file_, entry.name, got,
                   entry.dtype, fmt::join(entry.sizes, ", "));
  }

  void check_layout(const std::vector<Entry>& entries) const {
    std::uint64_t end = 0;
    for (const Entry& entry : entries) {
      CAROUSEL_CHECK(entry.begin == end,
                     "{}: tensor {}: data_offsets start at {}, want {}, where the one before ends",
                     file_, entry.name, entry.begin, end);
      end = entry.end;
    }
    CAROUSEL_CHECK(end == data_.size(), "{}: the tensors end at byte {} of the data, want {}",
                   file_, end, data_.size());
  }

  std::string file_;
  std::string_view text_;
  std::span<const std::byte> data_;
};

// Numbers of 16 bits as float, which holds all of them exactly.
struct Bf16 {
  std::uint16_t bits;
  operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

struct F16 {
  std::uint16_t bits;
  operator float() const {
    const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = bits >> 10 & 0x1FU;
    const std::uint32_t mantissa = bits & 0x3FFU;
    if (exponent == 0) {  // zero and subnormal: mantissa · 2^−24
      const float size = static_cast<float>(mantissa) * 0x1p-24F;
      return sign == 0 ? size : -size;
    }
    const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;  // bias 15 to bias 127
    return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
  }
};

// The number as T; none when it does not fit.
template <class T, class Stored>
std::optional<T> fit(Stored number) {
  if constexpr (std::is_integral_v<T>) {
    if (!std::in_range<T>(number)) return std::nullopt;
  } else if constexpr (std::is_same_v<T, float> && std::is_same_v<Stored, double>) {
    if (std::abs(number) > std::numeric_limits<float>::max() && std::isfinite(number)) {
      return std::nullopt;
    }
  }
  return static_cast<T>(number);
}

template <class T>
constexpr const char* type_name = "int32";
template <>
constexpr const char* type_name<float> = "float32";
template <>
constexpr const char* type_name<double> = "float64";

}  // namespace

Safetensors::Safetensors(const std::filesystem::path& path) : file_(path) {
  const HeaderReader header(file_);
  data_ = header.data();
  entries_ = header.read(metadata_);
  for (std::size_t i = 0; i < entries_.size(); ++i) index_[entries_[i].name] = i;
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> result;
  for (const Entry& entry : entries_) result.push_back(entry.name);
  return result;
}

const Entry& Safetensors::find(std::string_view name) const {
  const auto found = index_.find(name);
  CAROUSEL_CHECK(found != index_.end(), "{}: has no tensor {}", path().string(), name);
  return entries_[found->second];
}

Shape Safetensors::shape(std::string_view name) const {
  const Entry& entry = find(name);
  try {
    return Shape(std::span(entry.sizes));
  } catch (const Error& error) {
    fail("{}: tensor {}: {}", path().string(), name, error.what());
  }
}

template <class Stored, class T>
Tensor<T> Safetensors::convert(const Entry& entry) const {
  Tensor<T> result(shape(entry.name));
  const std::byte* const from = data_.data() + entry.begin;
  T* const to = result.mutable_data();
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    Stored stored;  // its place in the file need not be aligned
    std::memcpy(&stored, from + static_cast<std::size_t>(i) * sizeof(Stored), sizeof(Stored));
    const auto number = +stored;  // an arithmetic type, at least int
    const std::optional<T> fitting = fit<T>(number);
    CAROUSEL_CHECK(fitting, "{}: tensor {}: {} at place {} does not fit into {}", path().string(),
                   entry.name, number, i, type_name<T>);
    to[i] = *fitting;
  }
  return result;
}

template <class T>
Tensor<T> Safetensors::read(std::string_view name) const {
  const Entry& entry = find(name);
  if constexpr (std::is_integral_v<T>) {
    if (entry.dtype == "I32") return convert<std::int32_t, T>(entry);
    if (entry.dtype == "I64") return convert<std::int64_t, T>(entry);
    if (entry.dtype == "I16") return convert<std::int16_t, T>(entry);
    if (entry.dtype == "I8") return convert<std::int8_t, T>(entry);
    if (entry.dtype == "U64") return convert<std::uint64_t, T>(entry);
    if (entry.dtype == "U32") return convert<std::uint32_t, T>(entry);
    if (entry.dtype == "U16") return convert<std::uint16_t, T>(entry);
    if (entry.dtype == "U8") return convert<std::uint8_t, T>(entry);
  } else {
    if (entry.dtype == "F32") return convert<float, T>(entry);
    if (entry.dtype == "F64") return convert<double, T>(entry);
    if (entry.dtype == "F16") return convert<F16, T>(entry);
    if (entry.dtype == "BF16") return convert<Bf16, T>(entry);
  }
  fail("{}: tensor {}: dtype got {}, which cannot be read as {}", path().string(), name,
       entry.dtype, type_name<T>);
}

template Tensor<float> Safetensors::read(std::string_view) const;
template Tensor<double> Safetensors::read(std::string_view) const;
template Tensor<std::int32_t> Safetensors::read(std::string_view) const;

}  // namespace carousel
