// Event files read back, by their specification alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carousel {

struct EventValue {
  std::int64_t step;
  std::string tag;
  float value;
  bool operator==(const EventValue&) const = default;
};

struct EventFile {
  std::string version;
  std::vector<double> wall_times;  // of every record
  std::vector<EventValue> values;
};

// Throws Error for a file that is cut, whose checksums are wrong, or that has other fields.
EventFile read_events(std::string_view bytes);

}  // namespace carousel
