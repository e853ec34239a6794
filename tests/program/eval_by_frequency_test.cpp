// eval --by-frequency, as a user runs it.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/safetensors.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"
#include "tests/program/word_tables.h"
#include "text/tokenizer_files.h"

namespace carousel {

namespace {

const std::string gpt2 = CAROUSEL_SOURCE_DIR "/tests/golden/tokenizers/gpt2";

// A model and a text, measured by the program in double.
struct Scene {
  TemporaryDirectory directory;
  std::string training = path("training"), data = path("data"), model = path("model");

  explicit Scene(std::int64_t vocab_size = 256) {
    put(training, tiny_text(2000));
    put(data, tiny_text(300) + "line 5: some bottles of a kind that nobody has seen\n");
    write_tiny_model(model, tiny_config(vocab_size));
  }
  std::string path(const char* name) const { return (directory / name).string(); }

  std::string eval(const Arguments& more) const {
    Arguments all{"eval", "--model", model, "--data", data, "--dtype", "float64"};
    all.insert(all.end(), more.begin(), more.end());
    const Run run = run_program(all);
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    return run.output;
  }
  nlohmann::json json(Arguments more) const {
    more.emplace_back("--json");
    return nlohmann::json::parse(eval(more));
  }

  // −log softmax(logits)[ids[i + 1]] for each row i of a file of logits.
  static std::vector<double> losses(const std::string& file, const std::vector<std::int32_t>& ids) {
    const auto logits = Safetensors(file).read<double>("logits");
    std::vector<double> result;
    for (std::int64_t i = 0; i < logits.dim(0); ++i) {
      const double* const row = logits.data() + i * logits.dim(1);
      double sum = 0;
      for (std::int64_t v = 0; v < logits.dim(1); ++v) sum += std::exp(row[v]);
      result.push_back(std::log(sum) - row[ids[static_cast<std::size_t>(i) + 1]]);
    }
    return result;
  }

  // The program's table is that of the losses in its own logits, and its totals are plain eval's.
  void check_table(const Tokenizer& tokenizer, Arguments how) const {
    const auto plain = json(how);
    how.insert(how.end(), {"--by-frequency", training});
    const auto got = json(how);
    for (const auto& [key, value] : plain.items()) CHECK(got.at(key) == value);

    how.insert(how.end(), {"--logits", path("logits")});
    json(how);
    const auto ids = tokenizer.encode(read_file(data));
    const auto want = table_of(tokenizer, read_file(training), ids, losses(path("logits"), ids));
    std::int64_t words = 0, tokens = 0;
    double nats = 0, shares = 0;
    for (std::size_t i = 0; i < want.buckets.size(); ++i) {
      const auto& bucket = got.at("by_frequency").at(i);
      CHECK(bucket.at("words") == want.buckets[i].words);
      CHECK(bucket.at("tokens") == want.buckets[i].tokens);
      // Roundings of a few hundred logarithms and their sum.
      CHECK(std::abs(bucket.at("nats").get<double>() - want.buckets[i].nats) <= 1e-11);
      words += bucket.at("words").get<std::int64_t>();
      tokens += bucket.at("tokens").get<std::int64_t>();
      nats += bucket.at("nats").get<double>();
      shares += bucket.at("share_of_loss").get<double>();
    }
    CHECK(words == got.at("words"));
    CHECK(tokens == got.at("tokens"));
    const double all = plain.at("loss").get<double>() * static_cast<double>(tokens);
    CHECK(std::abs(nats / all - 1) <= 1e-14);  // the same numbers, added in another order
    CHECK(std::abs(shares - 1) <= 1e-14);
    const double per_word = std::exp(all / static_cast<double>(words));
    CHECK(std::abs(got.at("word_perplexity").get<double>() / per_word - 1) <= 1e-12);
  }
};

}  // namespace

TEST_CASE("eval --by-frequency: bytes, in windows that cut words, and with a carried state") {
  const Scene s;
  s.check_table(Tokenizer::bytes(), {"--context", "3"});
  s.check_table(Tokenizer::bytes(), {"--context", "16", "--carry-state"});
  s.check_table(Tokenizer::bytes(), {"--context", "1000"});
  const auto json = s.json({"--by-frequency", s.training});
  CHECK(json.at("words") == words_of(Tokenizer::bytes(), read_file(s.data)).size());
  // "some of a kind that nobody has seen", and the word that the texts are joined in.
  CHECK(json.at("by_frequency").at(0).at("words") == 9);
  CHECK(json.at("by_frequency").at(5).at("words") == 0);
  CHECK(json.at("by_frequency").at(5).at("perplexity").is_null());
}

TEST_CASE("eval --by-frequency: byte pairs") {
  const Scene s(420);
  const Tokenizer tokenizer = load_tokenizer(gpt2);
  save_tokenizer(s.model, tokenizer);
  s.check_table(tokenizer, {"--context", "3"});
  s.check_table(tokenizer, {"--context", "5", "--carry-state"});
}

TEST_CASE("eval --by-frequency: documents apart, and the training part of prepared data") {
  const Scene s;
  const std::string second = s.path("second"), prepared = s.path("prepared");
  put(second, "bottles");
  const Run made = run_program({"prepare", s.training, "--out", prepared});
  REQUIRE(made.exit_code == 0);
  const Arguments how{"--data", second, "--documents", "--json"};
  Arguments files = how, directory = how;
  files.insert(files.end(), {"--by-frequency", s.training});
  directory.insert(directory.end(), {"--by-frequency", prepared});
  const auto json = nlohmann::json::parse(s.eval(files));
  CHECK(json == nlohmann::json::parse(s.eval(directory)));
  CHECK(json.at("tokens") == read_file(s.data).size() + 7 - 2);
  CHECK(json.at("words") == words_of(Tokenizer::bytes(), read_file(s.data)).size() + 1);
}

TEST_CASE("eval --by-frequency: a table, with all in its last line") {
  const Scene s;
  const auto text = lines(s.eval({"--by-frequency", s.training}));
  const auto json = s.json({"--by-frequency", s.training});
  REQUIRE(text.size() == 15);
  CHECK(text[6].empty());
  CHECK(text[0].find(json.at("loss").dump()) != std::string::npos);
  CHECK(text[5].find(json.at("word_perplexity").dump()) != std::string::npos);
  CHECK(text[8].starts_with("never "));
  CHECK(text[13].starts_with("10000 or more "));
  CHECK(text[13].find(" - ") != std::string::npos);
  CHECK(text[14].starts_with("all "));
  CHECK(text[14].find(fmt::format(" {} ", json.at("words").dump())) != std::string::npos);
  CHECK(text[14].find(fmt::format(" {} ", json.at("tokens").dump())) != std::string::npos);
  CHECK(text[14].ends_with(" 100.0 %"));
}

TEST_CASE("eval --by-frequency: what cannot be used is refused by name") {
  const Scene s;
  const auto refuse = [&](const std::string& training, const std::vector<std::string>& culprits) {
    check_failed(
        run_program({"eval", "--model", s.model, "--data", s.data, "--by-frequency", training}), 1,
        culprits);
  };
  refuse(s.path("missing"), {s.path("missing")});
  put(s.path("empty"), "");
  refuse(s.path("empty"), {s.path("empty"), "empty"});
  refuse(s.directory.path().string(), {s.directory.path().string(), "no index.json"});
  put(s.path("ids.bin"), as_ids({5, 256}));
  refuse(s.path("ids.bin"), {s.path("ids.bin"), "token 256"});
  const Run made =
      run_program({"prepare", s.training, "--tokenizer", gpt2, "--out", s.path("prepared")});
  REQUIRE(made.exit_code == 0);
  refuse(s.path("prepared"), {s.path("prepared"), "another tokenizer"});

  write_tiny_model(s.model, tiny_config(300));
  put(s.path("ids.bin"), as_ids({5, 256}));
  check_failed(run_program({"eval", "--model", s.model, "--data", s.path("ids.bin"),
                            "--by-frequency", s.training}),
               1, {"--by-frequency", s.model, "no tokenizer"});
  check_failed(run_program({"eval", "--model", s.model, "--data", s.data, "--by-frequency", ""}), 2,
               {"--by-frequency", "empty"});
}

}  // namespace carousel
