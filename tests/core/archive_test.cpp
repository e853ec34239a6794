#include "core/archive.h"

#include <doctest/doctest.h>

#include "core/directory.h"
#include "tests/core/complaint.h"

namespace carousel {

namespace {

enum class Colour { red, blue };
constexpr auto words(Colour) {
  return std::array{std::pair{"red", Colour::red}, std::pair{"blue", Colour::blue}};
}

struct Part {
  std::string name;
  Tensor<float> values, none;

  static void visit(auto& self, auto&& v) {
    v("name", self.name);
    v("values", self.values);
    v("none", self.none);
  }
};

struct Whole {
  std::int64_t count = 0;
  std::uint64_t seed = 0;
  double rate = 0;
  bool flag = false;
  Colour colour = Colour::red;
  std::filesystem::path path;
  std::optional<double> given, missing = 1;
  std::vector<Part> parts;

  static void visit(auto& self, auto&& v) {
    v("count", self.count);
    v("seed", self.seed);
    v("rate", self.rate);
    v("flag", self.flag);
    v("colour", self.colour);
    v("path", self.path);
    v("given", self.given);
    v("missing", self.missing);
    v("parts", self.parts);
  }
};

Whole example() {
  return {.count = -3,
          .seed = ~std::uint64_t{0},
          .rate = 0.1 + 0.2,
          .flag = true,
          .colour = Colour::blue,
          .path = "a/\"b\"",
          .given = 1e-300,
          .missing = {},
          .parts = {{"one", Tensor<float>::from({2}, std::vector<float>{0.1F, -0.0F}), {}},
                    {"ü\n", Tensor<float>::from({1, 1}, std::vector<float>{3}), {}}}};
}

}  // namespace

TEST_CASE("archive: a struct comes back bit for bit") {
  const TemporaryDirectory directory;
  const Whole want = example();
  save_archive(directory / "it", want);
  const auto got = load_archive<Whole>(directory / "it");
  CHECK(got.count == want.count);
  CHECK(got.seed == want.seed);
  CHECK(got.rate == want.rate);
  CHECK(got.flag == want.flag);
  CHECK(got.colour == want.colour);
  CHECK(got.path == want.path);
  CHECK(got.given == want.given);
  CHECK(!got.missing);
  REQUIRE(got.parts.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(got.parts[i].name == want.parts[i].name);
    CHECK(got.parts[i].values.shape() == want.parts[i].values.shape());
    CHECK(std::ranges::equal(std::as_bytes(got.parts[i].values.values()),
                             std::as_bytes(want.parts[i].values.values())));
    CHECK(!got.parts[i].none.defined());
  }
}

TEST_CASE("archive: what no writer wrote is refused by its keys") {
  const TemporaryDirectory directory;
  save_archive(directory / "it", example());
  const auto original = nlohmann::json::parse(read_file(directory / "it.json"));
  const auto load = [&](const char* pointer, const nlohmann::json& value) {
    auto json = original;
    json[nlohmann::json::json_pointer(pointer)] = value;
    write_file_atomically(directory / "it.json", json.dump());
    return complaint(directory, [&] { load_archive<Whole>(directory / "it"); });
  };
  CHECK(load("/count", 1) == "nothing");
  CHECK(load("/count", 1.5) == "it.json: count got 1.5, want a whole number");
  CHECK(load("/count", ~std::uint64_t{0}) ==
        "it.json: count got 18446744073709551615, want a whole number that fits");
  CHECK(load("/seed", -1) == "it.json: seed got -1, want a whole number that fits");
  CHECK(load("/rate", nullptr) == "it.json: rate got null, want a number");
  CHECK(load("/flag", 1) == "it.json: flag got 1, want true or false");
  CHECK(load("/colour", "green") == "it.json: colour got \"green\", want a word with a meaning");
  CHECK(load("/path", 3) == "it.json: path got 3, want a text");
  CHECK(load("/parts", 3) == "it.json: parts got 3, want an array");
  CHECK(load("/parts/1", 3) == "it.json: parts.1 got 3, want an object");
  CHECK(load("/parts/1/size", 3) == "it.json: unknown key parts.1.size");
  CHECK(load("/parts/1", nlohmann::json::object()) == "it.json: parts.1.name is missing");
  CHECK(load("/parts/1/none", true).find("parts.1.none") != std::string::npos);
  remove_tree(directory / "it.safetensors");
  CHECK(load("/count", 1) == "it.json: there is no file with tensor parts.0.values");
}

}  // namespace carousel
