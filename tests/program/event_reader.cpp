#include "tests/program/event_reader.h"

#include <bit>

#include "core/error.h"

namespace carousel {

namespace {

// CRC-32C bit by bit, masked as TFRecords have it.
std::uint32_t masked_crc(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool done() const { return rest_.empty(); }

  std::string_view take(std::size_t count) {
    CAROUSEL_CHECK(count <= rest_.size(), "events: {} bytes are wanted, {} are left", count,
                   rest_.size());
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  template <class Number>
  Number fixed() {
    Number number = 0;
    const auto bytes = take(sizeof(Number));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      number |= static_cast<Number>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return number;
  }

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
  }

  std::string_view text() { return take(static_cast<std::size_t>(varint())); }

 private:
  std::string_view rest_;
};

EventValue read_value(Reader value, std::int64_t step) {
  EventValue result{step, {}, 0};
  while (!value.done()) {
    const auto key = value.varint();
    if (key == (1 << 3 | 2)) {
      result.tag = value.text();
    } else {
      CAROUSEL_CHECK(key == (2 << 3 | 5), "events: a value has the key {}", key);
      result.value = std::bit_cast<float>(value.fixed<std::uint32_t>());
    }
  }
  return result;
}

void read_event(Reader event, EventFile& file) {
  std::int64_t step = 0;
  while (!event.done()) {
    const auto key = event.varint();
    if (key == (1 << 3 | 1)) {
      file.wall_times.push_back(std::bit_cast<double>(event.fixed<std::uint64_t>()));
    } else if (key == (2 << 3 | 0)) {
      step = static_cast<std::int64_t>(event.varint());
    } else if (key == (3 << 3 | 2)) {
      file.version = event.text();
    } else {
      CAROUSEL_CHECK(key == (5 << 3 | 2), "events: an event has the key {}", key);
      for (Reader summary(event.text()); !summary.done();) {
        CAROUSEL_CHECK(summary.varint() == (1 << 3 | 2), "events: no value in a summary");
        file.values.push_back(read_value(Reader(summary.text()), step));
      }
    }
  }
}

}  // namespace

EventFile read_events(std::string_view bytes) {
  EventFile file;
  for (Reader records(bytes); !records.done();) {
    const auto length = records.take(8);
    CAROUSEL_CHECK(records.fixed<std::uint32_t>() == masked_crc(length), "events: length damaged");
    const auto event =
        records.take(static_cast<std::size_t>(Reader(length).fixed<std::uint64_t>()));
    CAROUSEL_CHECK(records.fixed<std::uint32_t>() == masked_crc(event), "events: event damaged");
    read_event(Reader(event), file);
  }
  return file;
}

}  // namespace carousel
