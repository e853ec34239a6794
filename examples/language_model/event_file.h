// The event files that TensorBoard reads: records, each an Event of its protocol with scalars.
//
// A record (TensorFlow's TFRecord) is, little-endian,
//
//   length (8 bytes)   masked CRC of the length (4)   Event   masked CRC of the Event (4)
//
// and of the messages in tensorflow/core/{util/event,framework/summary}.proto these fields are
// used:
//
//   Event    1: wall_time, double   2: step, int64   3: file_version, text   5: summary, Summary
//   Summary  1: value, repeated     Value  1: tag, text   2: simple_value, float
//
// Six fields written by hand are less than a protobuf compiler, its library and those files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace carousel::program {

struct Scalar {
  std::string_view tag;
  double value;  // kept as float
};

// The record that a file begins with. wall_time: seconds since 1970.
std::string first_event(double wall_time);

// A point of several curves.
std::string scalar_event(double wall_time, std::int64_t step, std::span<const Scalar> scalars);

// ((crc >> 15) | (crc << 17)) + 0xa282ead8 of the CRC-32C (Castagnoli): so that a file which holds
// CRCs of its own parts has a CRC like any other.
std::uint32_t masked_crc(std::string_view bytes);

}  // namespace carousel::program
