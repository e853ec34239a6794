// JSON from outside: parsed strictly, because a file that says two things is not obeyed silently.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace carousel {

// Throws Error, with origin, line and column, on a syntax error, a number that no double holds, a
// duplicate key, or nesting deeper than 64 levels. origin is what messages call the text: a path.
nlohmann::json parse_json(std::string_view text, std::string_view origin);

// A value as messages show it: JSON, cut to a readable length.
std::string show(const nlohmann::json& value);

}  // namespace carousel
