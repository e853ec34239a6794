// Number-valued options: strict decimal numbers inside a range, with a sentence for everything
// else.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace carousel::program {

// What a number may be, and how a sentence says so.
struct Range {
  std::string_view text;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool without_low = false;
  bool without_high = false;

  // False for NaN and the infinities.
  bool contains(double value) const {
    return std::isfinite(value) && (without_low ? value > low : value >= low) &&
           (without_high ? value < high : value <= high);
  }
};

inline constexpr Range at_least_one{.text = "a whole number of at least 1", .low = 1};
inline constexpr Range size{
    .text = "a whole number from 1 to 2147483647", .low = 1, .high = 2147483647};
inline constexpr Range not_negative{.text = "0 or a whole number above it", .low = 0};
inline constexpr Range any_seed{.text = "0 or a whole number above it, below 2^64", .low = 0};
inline constexpr Range above_zero{.text = "a number above 0", .low = 0, .without_low = true};
inline constexpr Range zero_or_above{.text = "a number of at least 0", .low = 0};
inline constexpr Range below_one{
    .text = "a number of at least 0 and below 1", .low = 0, .high = 1, .without_high = true};
inline constexpr Range share{
    .text = "a number above 0, at most 1", .low = 0, .high = 1, .without_low = true};

// Throws CLI::ValidationError unless all of the text is a number in the range.
template <class Number>
Number parse_number(const std::string& option, const std::string& text, const Range& range) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end || !range.contains(static_cast<double>(value))) {
    throw CLI::ValidationError(option, fmt::format("got \"{}\", want {}", text, range.text));
  }
  return value;
}

// An option with a default value.
template <class Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, Number& value, const Range& range,
                        const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [name, &value, range](const std::string& text) {
            value = parse_number<Number>(name, text, range);
          },
          help)
      ->type_name("N")
      ->default_str(fmt::format("{}", value));
}

// An option whose default depends on others.
template <class Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, std::optional<Number>& value,
                        const Range& range, const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [name, &value, range](const std::string& text) {
            value = parse_number<Number>(name, text, range);
          },
          help)
      ->type_name("N");
}

}  // namespace carousel::program
