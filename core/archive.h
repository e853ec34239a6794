// Archive: a struct as a JSON object and tensors, and back. A struct names its members once:
//
//   static void visit(auto& self, auto&& v) { v("step", self.step); v("moments", self.moments); }
//
// A member is a number, a bool, a text, a path, an enum with words(), such a struct, a Tensor, or a
// std::optional or std::vector of these. Tensors are named by the keys that lead to them,
// "moments.3.m"; in the JSON stands whether they are defined.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/safetensors.h"

namespace carousel {

namespace detail {

template <template <class...> class Template, class T>
constexpr bool is_a = false;
template <template <class...> class Template, class... Arguments>
constexpr bool is_a<Template, Template<Arguments...>> = true;

inline std::string join_keys(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

}  // namespace detail

class ArchiveWriter {
 public:
  template <class T>
  nlohmann::json write(const T& value, const std::string& path = {}) {
    using nlohmann::json;
    if constexpr (detail::is_a<std::optional, T>) {
      return value ? write(*value, path) : json(nullptr);
    } else if constexpr (detail::is_a<std::vector, T>) {
      json items = json::array();
      for (const auto& item : value) {
        items.push_back(write(item, detail::join_keys(path, std::to_string(items.size()))));
      }
      return items;
    } else if constexpr (detail::is_a<Tensor, T>) {
      if (value.defined()) tensors_.push_back({path, value});
      return value.defined();
    } else if constexpr (std::is_enum_v<T>) {
      for (const auto& [word, meaning] : words(T{})) {
        if (meaning == value) return word;
      }
      fail("archive: {} has no word for {}", path, static_cast<int>(value));
    } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
      return value.string();
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else {
      json members = json::object();
      T::visit(value, [&](const char* key, const auto& member) {
        members[key] = write(member, detail::join_keys(path, key));
      });
      return members;
    }
  }

  // Those met so far.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  std::vector<NamedTensor> tensors_;
};

// Throws Error, with origin and keys, for everything that a writer would not have written: missing
// and unknown keys, other types, numbers that do not fit, words without a meaning.
class ArchiveReader {
 public:
  // origin: what messages call the JSON. tensors: where they are, null where there are none. Both
  // must outlive the reader.
  explicit ArchiveReader(std::string_view origin, const Safetensors* tensors = nullptr)
      : origin_(origin), tensors_(tensors) {}

  template <class T>
  void read(const nlohmann::json& from, T& value, const std::string& path = {}) const {
    if constexpr (detail::is_a<std::optional, T>) {
      value.reset();
      if (!from.is_null()) read(from, value.emplace(), path);
    } else if constexpr (detail::is_a<std::vector, T>) {
      want(from.is_array(), from, path, "an array");
      value.clear();
      for (const auto& item : from) {
        const std::string item_path = detail::join_keys(path, std::to_string(value.size()));
        read(item, value.emplace_back(), item_path);
      }
    } else if constexpr (detail::is_a<Tensor, T>) {
      read_tensor(from, value, path);
    } else if constexpr (std::is_enum_v<T>) {
      for (const auto& [word, meaning] : words(T{})) {
        if (from == word) return void(value = meaning);
      }
      want(false, from, path, "a word with a meaning");
    } else if constexpr (std::is_same_v<T, bool>) {
      want(from.is_boolean(), from, path, "true or false");
      value = from.get<bool>();
    } else if constexpr (std::is_arithmetic_v<T>) {
      read_number(from, value, path);
    } else if constexpr (std::is_same_v<T, std::string> ||
                         std::is_same_v<T, std::filesystem::path>) {
      want(from.is_string(), from, path, "a text");
      value = from.get<std::string>();
    } else {
      read_members(from, value, path);
    }
  }

 private:
  void want(bool right, const nlohmann::json& got, const std::string& path,
            std::string_view wanted) const {
    CAROUSEL_CHECK(right, "{}: {} got {}, want {}", origin_, path.empty() ? "the file" : path,
                   show(got), wanted);
  }

  template <class T>
  void read_number(const nlohmann::json& from, T& value, const std::string& path) const {
    if constexpr (std::is_integral_v<T>) {
      want(from.is_number_integer(), from, path, "a whole number");
      const bool fits = from.is_number_unsigned() ? std::in_range<T>(from.get<std::uint64_t>())
                                                  : std::in_range<T>(from.get<std::int64_t>());
      want(fits, from, path, "a whole number that fits");
      value = from.get<T>();
    } else {
      want(from.is_number(), from, path, "a number");
      value = from.get<T>();
    }
  }

  template <class T>
  void read_tensor(const nlohmann::json& from, Tensor<T>& value, const std::string& path) const {
    bool defined = false;
    read(from, defined, path);
    CAROUSEL_CHECK(!defined || tensors_ != nullptr, "{}: there is no file with tensor {}", origin_,
                   path);
    value = defined ? tensors_->read<T>(path) : Tensor<T>();
  }

  template <class T>
  void read_members(const nlohmann::json& from, T& value, const std::string& path) const {
    want(from.is_object(), from, path, "an object");
    std::vector<std::string> known;
    T::visit(value, [&](const char* key, auto& member) {
      const std::string member_path = detail::join_keys(path, key);
      const auto found = from.find(key);
      CAROUSEL_CHECK(found != from.end(), "{}: {} is missing", origin_, member_path);
      read(*found, member, member_path);
      known.emplace_back(key);
    });
    for (const auto& [key, ignored] : from.items()) {
      CAROUSEL_CHECK(std::find(known.begin(), known.end(), key) != known.end(),
                     "{}: unknown key {}", origin_, detail::join_keys(path, key));
    }
  }

  std::string_view origin_;
  const Safetensors* tensors_;
};

// FILE.json and, where there are tensors, FILE.safetensors. Throw Error as the files do.
template <class T>
void save_archive(const std::filesystem::path& file, const T& value) {
  ArchiveWriter writer;
  const nlohmann::json json = writer.write(value);
  // A path that is not UTF-8 loses what JSON cannot hold.
  const auto replace = nlohmann::json::error_handler_t::replace;
  write_file_atomically(file.string() + ".json", json.dump(1, ' ', false, replace) + "\n");
  if (!writer.tensors().empty())
    write_safetensors(file.string() + ".safetensors", writer.tensors());
}

template <class T>
T load_archive(const std::filesystem::path& file) {
  const std::string origin = file.string() + ".json";
  std::optional<Safetensors> tensors;
  if (std::filesystem::exists(file.string() + ".safetensors")) {
    tensors.emplace(file.string() + ".safetensors");
  }
  T value{};
  ArchiveReader(origin, tensors ? &*tensors : nullptr)
      .read(parse_json(read_file(origin), origin), value);
  return value;
}

}  // namespace carousel
