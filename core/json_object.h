// JsonObject: one object of a configuration file, read key by key. It complains by full path, and
// in the end about the keys that nobody asked for.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json.h"

namespace carousel {

// The names that a key may have as its value, with what they mean.
template <class Value>
using Choices = std::vector<std::pair<std::string_view, Value>>;

// The value as an integer; none when it is anything else, 2.0 too, or does not fit.
std::optional<std::int64_t> as_integer(const nlohmann::json& value);

// A reader leaves the value alone where the key is missing, and throws Error where it has another
// type. origin and json must outlive the reader.
class JsonObject {
 public:
  // path: the keys that lead here, joined by dots, "" for the whole file.
  JsonObject(const nlohmann::json& json, std::string_view origin, std::string path);

  bool read(const char* key, std::int64_t& value);
  bool read(const char* key, double& value);
  bool read(const char* key, std::optional<double>& value);  // null: none
  bool read(const char* key, bool& value);

  template <class Value>
  bool read(const char* key, Value& value, const Choices<Value>& choices) {
    const nlohmann::json* const found = find(key);
    if (found == nullptr) return false;
    for (const auto& [name, meaning] : choices) {
      if (*found != name) continue;
      value = meaning;
      return true;
    }
    std::string wanted;
    for (const auto& [name, meaning] : choices) {
      wanted += fmt::format("{}\"{}\"", wanted.empty() ? "" : " or ", name);
    }
    reject(key, *found, wanted);
  }

  // The value of a key, or null where it is missing. The key counts as known from here on.
  const nlohmann::json* find(const char* key);

  // The object under a key; none where the key is missing or null.
  std::optional<JsonObject> object(const char* key);

  // Keys whose values have no meaning here.
  void ignore(std::initializer_list<const char*> keys);

  // Keys that must have this value where they are given.
  void expect(const char* key, const nlohmann::json& wanted);

  // Throws Error that names the first key nobody asked for.
  void finish() const;

  [[noreturn]] void reject(const char* key, const nlohmann::json& got,
                           std::string_view wanted) const;

 private:
  std::string path_to(std::string_view key) const;

  const nlohmann::json& json_;
  std::string_view origin_;
  std::string path_;
  std::set<std::string> known_;
};

}  // namespace carousel
