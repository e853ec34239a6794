#include "examples/language_model/frequency/frequency_table.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace carousel::program {

namespace {

struct Range {
  const char* name;
  std::int64_t from, to;  // to 0: without end
};

constexpr std::array<Range, 6> ranges{{
    {"never", 0, 0},
    {"1 to 9", 1, 9},
    {"10 to 99", 10, 99},
    {"100 to 999", 100, 999},
    {"1000 to 9999", 1000, 9999},
    {"10000 or more", 10000, 0},
}};

double share(const WordLoss& part, const FrequencyTable& table) {
  return part.nats / table.all.nats;
}

std::string row(const char* name, const WordLoss& loss, const FrequencyTable& table) {
  const auto average = [&loss](double value, const char* format) {
    return loss.words > 0 ? fmt::format(fmt::runtime(format), value) : "-";
  };
  return fmt::format("{:<14} {:>9} {:>9} {:>10} {:>11} {:>7.1f} %\n", name, loss.words, loss.tokens,
                     average(loss.nats_per_word(), "{:.4f}"), average(loss.perplexity(), "{:.5g}"),
                     100 * share(loss, table));
}

}  // namespace

double WordLoss::nats_per_word() const { return nats / static_cast<double>(words); }
double WordLoss::perplexity() const { return std::exp(nats_per_word()); }

WordLoss& WordLoss::operator+=(const WordLoss& more) {
  words += more.words;
  tokens += more.tokens;
  nats += more.nats;
  return *this;
}

std::size_t FrequencyTable::bucket(std::int64_t count) {
  std::size_t result = ranges.size() - 1;
  while (count < ranges[result].from) --result;
  return result;
}

std::string as_text(const FrequencyTable& table) {
  std::string text =
      fmt::format("words          {}\nper word       {} nats, perplexity {}\n\n", table.all.words,
                  table.all.nats_per_word(), table.all.perplexity());
  text += fmt::format("{:<14} {:>9} {:>9} {:>10} {:>11} {:>9}\n", "times seen", "words", "tokens",
                      "nats/word", "perplexity", "of loss");
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    text += row(ranges[i].name, table.buckets[i], table);
  }
  return text + row("all", table.all, table);
}

void add_to(nlohmann::ordered_json& json, const FrequencyTable& table) {
  json["words"] = table.all.words;
  json["word_perplexity"] = table.all.perplexity();
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const WordLoss& loss = table.buckets[i];
    nlohmann::ordered_json bucket{{"from", ranges[i].from}, {"to", ranges[i].to}};
    if (i + 1 == ranges.size()) bucket["to"] = nullptr;
    bucket["words"] = loss.words;
    bucket["tokens"] = loss.tokens;
    bucket["nats"] = loss.nats;
    bucket["nats_per_word"] = loss.nats_per_word();
    bucket["perplexity"] = loss.perplexity();
    bucket["share_of_loss"] = share(loss, table);
    json["by_frequency"].push_back(bucket);
  }
}

}  // namespace carousel::program
