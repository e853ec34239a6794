#include "core/json_object.h"

#include <limits>

namespace carousel {

using nlohmann::json;

std::optional<std::int64_t> as_integer(const json& value) {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > largest) return std::nullopt;
  return value.get<std::int64_t>();
}

JsonObject::JsonObject(const json& value, std::string_view origin, std::string path)
    : json_(value), origin_(origin), path_(std::move(path)) {
  CAROUSEL_CHECK(json_.is_object(), "{}: {} got {}, want an object", origin_,
                 path_.empty() ? "the file" : path_, show(json_));
}

bool JsonObject::read(const char* key, std::int64_t& value) {
  const json* const found = find(key);
  if (found == nullptr) return false;
  const auto integer = as_integer(*found);
  if (!integer) reject(key, *found, "an integer");
  value = *integer;
  return true;
}

bool JsonObject::read(const char* key, double& value) {
  const json* const found = find(key);
  if (found == nullptr) return false;
  if (!found->is_number()) reject(key, *found, "a number");
  value = found->get<double>();
  return true;
}

bool JsonObject::read(const char* key, std::optional<double>& value) {
  const json* const found = find(key);
  if (found == nullptr) return false;
  value.reset();
  if (found->is_null()) return true;
  if (!found->is_number()) reject(key, *found, "a number or null");
  value = found->get<double>();
  return true;
}

bool JsonObject::read(const char* key, bool& value) {
  const json* const found = find(key);
  if (found == nullptr) return false;
  if (!found->is_boolean()) reject(key, *found, "true or false");
  value = found->get<bool>();
  return true;
}

const json* JsonObject::find(const char* key) {
  known_.insert(key);
  const auto found = json_.find(key);
  return found == json_.end() ? nullptr : &*found;
}

std::optional<JsonObject> JsonObject::object(const char* key) {
  const json* const found = find(key);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return JsonObject(*found, origin_, path_to(key));
}

void JsonObject::ignore(std::initializer_list<const char*> keys) {
  known_.insert(keys.begin(), keys.end());
}

void JsonObject::expect(const char* key, const json& wanted) {
  const json* const found = find(key);
  if (found != nullptr && *found != wanted) reject(key, *found, show(wanted));
}

void JsonObject::finish() const {
  for (const auto& [key, value] : json_.items()) {
    CAROUSEL_CHECK(known_.contains(key), "{}: unknown key {}", origin_, path_to(key));
  }
}

void JsonObject::reject(const char* key, const json& got, std::string_view wanted) const {
  fail("{}: {} got {}, want {}", origin_, path_to(key), show(got), wanted);
}

std::string JsonObject::path_to(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

}  // namespace carousel
