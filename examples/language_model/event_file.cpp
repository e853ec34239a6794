#include "examples/language_model/event_file.h"

#include <bit>
#include <boost/crc.hpp>
#include <type_traits>

namespace carousel::program {

namespace {

// Wire types of protocol buffers.
enum class Wire : std::uint64_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

template <class Number>
std::string little_endian(Number number) {
  static_assert(std::is_unsigned_v<Number>);
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes += static_cast<char>((number >> (8 * i)) & 0xFF);
  }
  return bytes;
}

// Seven bits a byte, the lowest first; the eighth says that another byte follows.
std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>((number & 0x7F) | 0x80);
  return bytes + static_cast<char>(number);
}

std::string field(std::uint64_t number, Wire wire, const std::string& content) {
  return varint(number << 3 | static_cast<std::uint64_t>(wire)) + content;
}

std::string text_field(std::uint64_t number, std::string_view text) {
  return field(number, Wire::length, varint(text.size()).append(text));
}

std::string double_field(std::uint64_t number, double value) {
  return field(number, Wire::fixed64, little_endian(std::bit_cast<std::uint64_t>(value)));
}

std::string float_field(std::uint64_t number, double value) {
  const auto narrow = static_cast<float>(value);
  return field(number, Wire::fixed32, little_endian(std::bit_cast<std::uint32_t>(narrow)));
}

std::string record(const std::string& event) {
  const std::string length = little_endian(std::uint64_t{event.size()});
  return length + little_endian(masked_crc(length)) + event + little_endian(masked_crc(event));
}

}  // namespace

std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return std::rotr(static_cast<std::uint32_t>(crc.checksum()), 15) + 0xA282EAD8;
}

std::string first_event(double wall_time) {
  return record(double_field(1, wall_time) + text_field(3, "brain.Event:2"));
}

std::string scalar_event(double wall_time, std::int64_t step, std::span<const Scalar> scalars) {
  std::string summary;
  for (const auto& [tag, value] : scalars) {
    summary += text_field(1, text_field(1, tag) + float_field(2, value));
  }
  return record(double_field(1, wall_time) +
                field(2, Wire::varint, varint(static_cast<std::uint64_t>(step))) +
                text_field(5, summary));
}

}  // namespace carousel::program
