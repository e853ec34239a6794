#include "core/safetensors.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/random.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/core/temporary_directory.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

// A file with one tensor x of the given dtype and numbers.
template <class T>
std::string one_tensor(std::string_view dtype, std::initializer_list<T> values) {
  return assemble(fmt::format(R"({{"x":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}}}})",
                              dtype, values.size(), values.size() * sizeof(T)),
                  raw(values));
}

template <class T>
bool identical(const Tensor<T>& a, const Tensor<T>& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.numel()) * sizeof(T)) == 0;
}

}  // namespace

TEST_CASE("safetensors: tensors of all types, empty ones and scalars come back bit for bit") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "model.safetensors";
  const auto floats = random_normal<float>({3, 5}, Random{1});
  auto doubles = random_normal<double>({2, 1, 4}, Random{2});
  doubles.mutable_data()[0] = -std::numeric_limits<double>::infinity();
  doubles.mutable_data()[1] = -0.0;
  doubles.mutable_data()[2] = std::numeric_limits<double>::denorm_min();
  const auto ids = Tensor<std::int32_t>::from({3}, {-1, 0, 2147483647});
  const auto empty = Tensor<float>({0, 7});
  const auto scalar = Tensor<double>::full({}, 0.1);
  const Metadata metadata{{"format", "pt"}, {"text", "line\n\"quoted\" é \x01"}};
  write_safetensors(path,
                    {{"b.weight", floats},
                     {"a/é \"x\"", doubles},
                     {"ids", ids},
                     {"empty", empty},
                     {"scalar", scalar}},
                    metadata);

  const Safetensors file(path);
  CHECK(file.names() ==
        std::vector<std::string>{"b.weight", "a/é \"x\"", "ids", "empty", "scalar"});
  CHECK(file.metadata() == metadata);
  CHECK(file.contains("ids"));
  CHECK(!file.contains("id"));
  CHECK(file.dtype("b.weight") == "F32");
  CHECK(file.shape("a/é \"x\"") == Shape{2, 1, 4});
  CHECK(identical(file.read<float>("b.weight"), floats));
  CHECK(identical(file.read<double>("b.weight"), floats.to<double>()));
  CHECK(identical(file.read<double>("a/é \"x\""), doubles));
  CHECK(identical(file.read<std::int32_t>("ids"), ids));
  CHECK(file.read<float>("empty").shape() == Shape{0, 7});
  CHECK(file.read<double>("scalar").item() == 0.1);
  CHECK(file.read<float>("scalar").item() == 0.1F);
  CHECK(directory.size() == 1);

  // The data starts at a multiple of 8.
  std::uint64_t length = 0;
  std::memcpy(&length, read_file(path).data(), sizeof(length));
  CHECK(length % 8 == 0);
}

TEST_CASE("safetensors: a file without tensors") {
  const TemporaryDirectory directory;
  write_safetensors(directory / "f", {});
  CHECK(Safetensors(directory / "f").names().empty());
  put(directory / "f", assemble("{}", ""));
  CHECK(Safetensors(directory / "f").names().empty());
}

TEST_CASE("safetensors: a file of the package's own writer is read") {
  const Safetensors file(CAROUSEL_SOURCE_DIR "/tests/golden/models/mixed/model.safetensors");
  CHECK(file.shape("token_embedding.weight") == Shape{23, 16});
  CHECK(file.dtype("lm_head.weight") == "F32");
  CHECK(file.names().size() > 40);
  const auto weight = file.read<double>("lm_head.weight");
  for (const double value : weight.values()) CHECK(std::abs(value) < 10);
}

TEST_CASE("safetensors: every F16 and BF16 number is exact") {
  const TemporaryDirectory directory;
  std::string bits;
  for (int i = 0; i < 65536; ++i) bits += raw({static_cast<std::uint16_t>(i)});
  put(directory / "f", assemble(R"({"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]},
                   "b":{"dtype":"BF16","shape":[65536],"data_offsets":[131072,262144]}})",
                                bits + bits));
  const Safetensors file(directory / "f");
  // From the definition: sign, exponent and fraction bits, subnormal numbers, infinity, NaN.
  const auto number = [](int word, int fraction_bits, int bias) {
    const int fraction = word & ((1 << fraction_bits) - 1);
    const int exponent = (word & 0x7FFF) >> fraction_bits, largest = 0x7FFF >> fraction_bits;
    const double sign = word < 0x8000 ? 1 : -1;
    if (exponent == largest) return fraction == 0 ? sign * INFINITY : NAN;
    if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
    return sign * std::ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);
  };
  const auto half = file.read<double>("h"), brain = file.read<double>("b");
  const auto half_float = file.read<float>("h"), brain_float = file.read<float>("b");
  const auto same = [](double a, double b) {
    return std::isnan(b) ? std::isnan(a) : a == b && std::signbit(a) == std::signbit(b);
  };
  int wrong = 0;
  for (int i = 0; i < 65536; ++i) {
    wrong += !same(half.data()[i], number(i, 10, 15));
    wrong += !same(half_float.data()[i], number(i, 10, 15));
    wrong += !same(brain.data()[i], number(i, 7, 127));
    wrong += !same(brain_float.data()[i], number(i, 7, 127));
  }
  CHECK(wrong == 0);
}

TEST_CASE("safetensors: reading converts where it can, and says where it cannot") {
  const TemporaryDirectory directory;
  const auto read = [&](const std::string& bytes, auto type) {
    put(directory / "f", bytes);
    return Safetensors(directory / "f").read<decltype(type)>("x").values().back();
  };
  using Int = std::int32_t;
  CHECK(read(one_tensor<std::int64_t>("I64", {1, -7}), Int{}) == -7);
  CHECK(read(one_tensor<std::uint8_t>("U8", {1, 255}), Int{}) == 255);
  CHECK(read(one_tensor<std::int8_t>("I8", {1, -1}), Int{}) == -1);
  CHECK(read(one_tensor<std::uint16_t>("U16", {65535}), Int{}) == 65535);
  CHECK(read(one_tensor<std::int16_t>("I16", {-32768}), Int{}) == -32768);
  CHECK(read(one_tensor<std::uint32_t>("U32", {2147483647}), Int{}) == 2147483647);
  CHECK(read(one_tensor<double>("F64", {0.1}), 0.0F) == 0.1F);
  CHECK(std::isinf(read(one_tensor<double>("F64", {INFINITY}), 0.0F)));

  const auto complaint_of = [&](const std::string& bytes, auto type) -> std::string {
    try {
      read(bytes, type);
    } catch (const Error& error) {
      return std::string(error.what()).substr(directory.path().string().size() + 1);
    }
    return "nothing";
  };
  CHECK(complaint_of(one_tensor<std::int64_t>("I64", {1, 1L << 31}), Int{}) ==
        "f: tensor x: 2147483648 at place 1 does not fit into int32");
  CHECK(complaint_of(one_tensor<std::uint64_t>("U64", {~0UL}), Int{}) ==
        "f: tensor x: 18446744073709551615 at place 0 does not fit into int32");
  CHECK(complaint_of(one_tensor<double>("F64", {1e300}), 0.0F) ==
        "f: tensor x: 1e+300 at place 0 does not fit into float32");
  CHECK(complaint_of(one_tensor<float>("F32", {1}), Int{}) ==
        "f: tensor x: dtype got F32, which cannot be read as int32");
  CHECK(complaint_of(one_tensor<std::int32_t>("I32", {1}), 0.0) ==
        "f: tensor x: dtype got I32, which cannot be read as float64");
  CHECK(complaint_of(one_tensor<std::uint8_t>("BOOL", {1}), 0.0F) ==
        "f: tensor x: dtype got BOOL, which cannot be read as float32");
  CHECK(complaint_of(one_tensor<std::uint8_t>("F8_E4M3", {1}), 0.0F) ==
        "f: tensor x: dtype got F8_E4M3, which cannot be read as float32");

  put(directory / "f",
      assemble(R"({"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1],"data_offsets":[0,4]}})", "1234"));
  const Safetensors file(directory / "f");
  CHECK_THROWS_WITH_AS(file.shape("x"),
                       doctest::Contains("f: tensor x: Shape: got 7 sizes, want at most 6"), Error);
  CHECK_THROWS_WITH_AS(file.read<float>("y"), doctest::Contains("f: has no tensor y"), Error);
  CHECK_THROWS_AS(file.dtype("y"), Error);
  CHECK_THROWS_AS(file.shape("y"), Error);

  // An empty tensor may claim other sizes that no Shape holds.
  put(directory / "f",
      assemble(R"({"x":{"dtype":"U8","shape":[0,1152921504606846976],"data_offsets":[0,0]}})", ""));
  CHECK_THROWS_WITH_AS(Safetensors(directory / "f").read<std::int32_t>("x"),
                       doctest::Contains("f: tensor x: Shape: [0, 1152921504606846976] has too"),
                       Error);
}

TEST_CASE("safetensors: data at odd places is read") {
  const TemporaryDirectory directory;
  put(directory / "f", assemble(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},
                                    "x":{"dtype":"F64","shape":[2],"data_offsets":[3,19]} })",
                                "abc" + raw({1.5, -2.5})));
  const auto x = Safetensors(directory / "f").read<double>("x");
  CHECK(x.data()[0] == 1.5);
  CHECK(x.data()[1] == -2.5);
}

TEST_CASE("write_safetensors refuses what it could not write properly, and leaves nothing") {
  const TemporaryDirectory directory;
  const Tensor<float> x = Tensor<float>::zeros({2});
  const auto complaint_of = [&](const std::vector<NamedTensor>& tensors,
                                const Metadata& metadata = {}) -> std::string {
    try {
      write_safetensors(directory / "f", tensors, metadata);
    } catch (const Error& error) {
      std::string sentence = error.what();
      return sentence.erase(sentence.find(directory.path().string()),
                            directory.path().string().size() + 1);
    }
    return "nothing";
  };
  CHECK(complaint_of({{"a", x}, {"b", x}, {"a", x}}) ==
        "cannot write f: the name a is there twice");
  CHECK(complaint_of({{"__metadata__", x}}) == "cannot write f: the name __metadata__ is reserved");
  CHECK(complaint_of({{"a", Tensor<double>()}}) == "cannot write f: tensor a is undefined");
  CHECK(complaint_of({{"\xff", x}}) == "cannot write f: a name or text in it is not UTF-8");
  CHECK(complaint_of({{"a", x}}, {{"a", "\xc3"}}) ==
        "cannot write f: a name or text in it is not UTF-8");
  CHECK(directory.size() == 0);
  CHECK_THROWS_AS(write_safetensors(directory / "none/f", {{"a", x}}), Error);
  CHECK_THROWS_AS(write_safetensors(directory.path(), {{"a", x}}), Error);
  CHECK(directory.size() == 0);
}

}  // namespace carousel
