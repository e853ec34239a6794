// What a safetensors file may try: every byte of it is somebody else's.

#include <doctest/doctest.h>

#include "core/random.h"
#include "core/safetensors.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/core/temporary_directory.h"

namespace carousel {

namespace {

// What opening the bytes as a file complains about, without the directory.
std::string complaint(const TemporaryDirectory& directory, std::string_view bytes) {
  put(directory / "f", bytes);
  try {
    Safetensors{directory / "f"};
  } catch (const Error& error) {
    const std::string sentence = error.what(), prefix = directory.path().string() + "/";
    const auto at = sentence.find(prefix);
    REQUIRE(at != sentence.npos);  // every sentence names the file
    return sentence.substr(0, at) + sentence.substr(at + prefix.size());
  }
  return "nothing";
}

}  // namespace

TEST_CASE("safetensors: hostile files are refused, each in a sentence that names the file") {
  const TemporaryDirectory directory;
  const auto says = [&](std::string_view bytes, std::string_view wanted) {
    INFO(wanted);
    CHECK(complaint(directory, bytes) == wanted);
  };
  const auto header_says = [&](std::string_view header, std::string_view wanted) {
    says(assemble(header, "12345678"), wanted);
  };
  // The file around the header.
  says("", "cannot read f: the file is empty");
  says("1234567", "f: got 7 bytes, want 8 for the length of a safetensors header");
  says(raw({std::uint64_t{100'000'001}}) + "{}",
       "f: the safetensors header has 100000001 bytes, want at most 100000000");
  says(raw({~std::uint64_t{0}}) + "{}",
       "f: the safetensors header has 18446744073709551615 bytes, want at most 100000000");
  says(raw({std::uint64_t{3}}) + "{}", "f: the safetensors header has 3 bytes, but only 2 follow");
  says(raw({std::uint64_t{2}}) + "{}x", "f: the tensors end at byte 0 of the data, want 1");
  says(raw({std::uint64_t{0}}),
       "f: header: parse error at line 1, column 1: syntax error while parsing value - unexpected "
       "end of input; expected '[', '{', or a literal");
  // The JSON.
  header_says("[]", "f: the header got [], want an object");
  header_says("null", "f: the header got null, want an object");
  header_says("{\"x\":{}",
              "f: header: parse error at line 1, column 8: syntax error while parsing "
              "object - unexpected end of input; expected '}'");
  header_says(std::string(100000, '['), "f: header: nested deeper than 64 levels");
  header_says(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                  "x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
              "f: header: duplicate key \"x\"");
  header_says(R"({"__metadata__":{"a":"b"},"__metadata__":{}})",
              "f: header: duplicate key \"__metadata__\"");
  header_says(R"({"__metadata__":{"a":"b","a":"c"}})", "f: header: duplicate key \"a\"");
  header_says(R"({"__metadata__":[]})", "f: __metadata__ got [], want an object");
  header_says(R"({"__metadata__":{"a":1}})", "f: __metadata__: a got 1, want a string");
  // One tensor.
  header_says(R"({"x":1})", "f: tensor x got 1, want an object");
  header_says(R"({"x":{"shape":[2],"data_offsets":[0,8]}})", "f: tensor x has no dtype");
  header_says(R"({"x":{"dtype":"F32","data_offsets":[0,8]}})", "f: tensor x has no shape");
  header_says(R"({"x":{"dtype":"F32","shape":[2]}})", "f: tensor x has no data_offsets");
  header_says(R"({"x":{"dtype":32,"shape":[2],"data_offsets":[0,8]}})",
              "f: tensor x: dtype got 32, want a string");
  header_says(R"({"x":{"dtype":"F99","shape":[2],"data_offsets":[0,8]}})",
              "f: tensor x: dtype got \"F99\", which is unknown");
  header_says(R"({"x":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}})",
              "f: tensor x: dtype got \"f32\", which is unknown");
  header_says(R"({"x":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})",
              "f: tensor x: shape got 2, want a list");
  for (const char* shape : {"[-2]", "[2.0]", "[\"2\"]", "[null]", "[[2]]", "[9223372036854775808]",
                            "[99999999999999999999]"}) {
    header_says(fmt::format(R"({{"x":{{"dtype":"F32","shape":{},"data_offsets":[0,8]}}}})", shape),
                fmt::format("f: tensor x: shape got {}, want sizes of at least 0",
                            shape == std::string("[99999999999999999999]") ? "[1e+20]" : shape));
  }
  for (const char* offsets : {"[0]", "[0,4,8]", "[-1,8]", "[0,8.0]", "{}", "\"0,8\"", "[]"}) {
    header_says(fmt::format(R"({{"x":{{"dtype":"F32","shape":[2],"data_offsets":{}}}}})", offsets),
                fmt::format("f: tensor x: data_offsets got {}, want [begin, end]", offsets));
  }
  header_says(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})",
              "f: tensor x: data_offsets got [8, 0], but the file has 8 bytes of data");
  header_says(R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})",
              "f: tensor x: data_offsets got [0, 12], but the file has 8 bytes of data");
  header_says(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]}})",
              "f: tensor x: data_offsets got [0, 18446744073709551615], but the file has 8 bytes "
              "of data");
  header_says(R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})",
              "f: tensor x: got 8 bytes, which are not F32 [3]");
  header_says(R"({"x":{"dtype":"F32","shape":[],"data_offsets":[0,8]}})",
              "f: tensor x: got 8 bytes, which are not F32 []");
  header_says(R"({"x":{"dtype":"F4","shape":[17],"data_offsets":[0,8]}})",
              "f: tensor x: got 8 bytes, which are not F4 [17]");
  // 2^61 · 2^3 · 32 bits is 0 modulo 2^64, and so is 2^62 · 4 · 32.
  header_says(R"({"x":{"dtype":"F32","shape":[2305843009213693952,8],"data_offsets":[0,0]}})",
              "f: tensor x: got 0 bytes, which are not F32 [2305843009213693952, 8]");
  header_says(R"({"x":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}})",
              "f: tensor x: got 0 bytes, which are not F64 [4611686018427387904, 4]");
  // Several tensors.
  header_says(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                  "b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
              "f: tensor b: data_offsets start at 4, want 8, where the one before ends");
  header_says(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                  "b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
              "f: tensor b: data_offsets start at 0, want 8, where the one before ends");
  header_says(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},
                  "b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
              "f: tensor b: data_offsets start at 4, want 3, where the one before ends");
  header_says(R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
              "f: tensor b: data_offsets start at 4, want 0, where the one before ends");
  header_says(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
              "f: the tensors end at byte 4 of the data, want 8");
  CHECK_THROWS_WITH_AS(Safetensors(directory.path()), doctest::Contains("Is a directory"), Error);
  CHECK_THROWS_WITH_AS(Safetensors(directory / "none"), doctest::Contains("No such file"), Error);
}

TEST_CASE("safetensors: a file cut anywhere is refused") {
  const TemporaryDirectory directory;
  write_safetensors(directory / "whole",
                    {{"a", Tensor<float>::full({3}, 1)}, {"b", Tensor<std::int32_t>::full({2}, 1)}},
                    {{"format", "pt"}});
  const std::string whole = read_file(directory / "whole");
  REQUIRE(complaint(directory, whole) == "nothing");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    INFO("cut to ", length, " of ", whole.size());
    CHECK(complaint(directory, std::string_view(whole).substr(0, length)) != "nothing");
  }
  CHECK(complaint(directory, whole + "x") != "nothing");
}

TEST_CASE("safetensors: flipped bits lead to an error or to tensors inside the file") {
  const TemporaryDirectory directory;
  write_safetensors(
      directory / "whole",
      {{"a", Tensor<float>::full({2, 3}, 1)}, {"b", Tensor<std::int32_t>::full({5}, 1)}},
      {{"format", "pt"}});
  const std::string whole = read_file(directory / "whole");
  const Random random{3};
  std::uint64_t draws = 0;
  int refused = 0, opened = 0;
  for (int i = 0; i < 10000; ++i) {
    std::string bytes = whole;
    for (auto flips = 1 + random.below(3, draws++); flips > 0; --flips) {
      const auto at = random.below(bytes.size(), draws++);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8, draws++)));
    }
    put(directory / "f", bytes);
    try {
      const Safetensors file(directory / "f");
      ++opened;
      for (const auto& name : file.names()) {
        if (file.dtype(name).front() == 'F') file.read<double>(name);
        if (file.dtype(name).front() == 'I') file.read<std::int32_t>(name);
      }
    } catch (const Error& error) {
      ++refused;
      if (std::string_view(error.what()).find("/f") == std::string_view::npos) FAIL(error.what());
    }
  }
  CHECK(refused > 1000);
  CHECK(opened > 1000);
}

}  // namespace carousel
