#include "core/json.h"

#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

#include "core/error.h"

namespace carousel {

namespace {

using nlohmann::json;

constexpr int max_depth = 64;
constexpr std::size_t max_shown = 160;

// Sees every event of the parser, and refuses what the parser would let pass.
class Watch {
 public:
  explicit Watch(std::string_view origin) : origin_(origin) {}

  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      CAROUSEL_CHECK(depth < max_depth, "{}: nested deeper than {} levels", origin_, max_depth);
    }
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key) {
      CAROUSEL_CHECK(keys_.back().insert(parsed.get<std::string>()).second, "{}: duplicate key {}",
                     origin_, show(parsed));
    }
    return true;
  }

 private:
  std::string_view origin_;
  std::vector<std::unordered_set<std::string>> keys_;  // of the objects that are open
};

std::string shorten(std::string text) {
  if (text.size() <= max_shown) return text;
  std::size_t end = max_shown;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // between characters
  return text.substr(0, end) + "…";
}

// The parser's message without the number it starts with: "[json.exception.….101] parse error …".
std::string message(const json::exception& error) {
  const std::string_view what = error.what();
  const auto bracket = what.find("] ");
  return shorten(std::string(bracket == what.npos ? what : what.substr(bracket + 2)));
}

}  // namespace

json parse_json(std::string_view text, std::string_view origin) {
  Watch watch(origin);
  try {
    return json::parse(text, [&](int depth, json::parse_event_t event, json& parsed) {
      return watch(depth, event, parsed);
    });
  } catch (const json::exception& error) {
    fail("{}: {}", origin, message(error));
  }
}

std::string show(const json& value) {
  return shorten(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace carousel
