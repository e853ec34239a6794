#include "text/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <queue>
#include <tuple>

#include "core/error.h"
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/words.h"

namespace carousel {

namespace {

struct Word {
  std::vector<std::int32_t> ids;
  std::int64_t count;
};

struct Pair {
  std::int64_t count = 0;
  std::vector<std::size_t> words;  // where it was seen, perhaps more than once, perhaps no longer
};

// A pair with a count it has or had: counts of pairs that are queued only fall.
struct Candidate {
  std::int64_t count;
  std::int32_t left, right;
};

class Training {
 public:
  Training(Vocabulary start, std::vector<Word> words)
      : vocabulary_(std::move(start)), words_(std::move(words)), queue_(Less{vocabulary_.tokens}) {
    for (std::size_t word = 0; word < words_.size(); ++word) {
      const auto& [ids, count] = words_[word];
      for (std::size_t i = 0; i + 1 < ids.size(); ++i) add(word, ids[i], ids[i + 1], count);
    }
    queue_changed();
  }

  // Makes one more token; false when there is no pair left.
  bool merge_best() {
    while (!queue_.empty()) {
      Candidate best = queue_.top();
      queue_.pop();
      const std::uint64_t key = pair_key(best.left, best.right);
      const std::int64_t count = pairs_[key].count;
      if (count == best.count && count > 0) {
        merge(best, std::move(pairs_[key].words));
        return true;
      }
      best.count = count;
      if (count > 0) queue_.push(best);
    }
    return false;
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  struct Less {
    const std::vector<std::string>& tokens;

    bool operator()(const Candidate& a, const Candidate& b) const {
      const auto token = [&](std::int32_t id) -> const std::string& {
        return tokens[static_cast<std::size_t>(id)];
      };
      return std::tie(a.count, token(a.left), token(a.right)) <
             std::tie(b.count, token(b.left), token(b.right));
    }
  };

  void add(std::size_t word, std::int32_t left, std::int32_t right, std::int64_t count) {
    const std::uint64_t key = pair_key(left, right);
    Pair& pair = pairs_[key];
    pair.count += count;
    if (count < 0) return;
    if (pair.words.empty() || pair.words.back() != word) pair.words.push_back(word);
    changed_.push_back(key);
  }

  void queue_changed() {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const std::uint64_t key : changed_) {
      queue_.push({pairs_[key].count, static_cast<std::int32_t>(key >> 32),
                   static_cast<std::int32_t>(key & 0xFFFFFFFF)});
    }
    changed_.clear();
  }

  void merge(const Candidate& pair, const std::vector<std::size_t>& seen_in) {
    auto& [tokens, merges, added, nfc] = vocabulary_;
    const auto id = static_cast<std::int32_t>(tokens.size());
    tokens.push_back(tokens[static_cast<std::size_t>(pair.left)] +
                     tokens[static_cast<std::size_t>(pair.right)]);
    merges.emplace_back(pair.left, pair.right);
    for (const std::size_t word : seen_in) merge_in(word, pair, id);
    queue_changed();
  }

  // Replaces the pair in a word, from left to right, and counts its neighbours anew.
  void merge_in(std::size_t word, const Candidate& pair, std::int32_t id) {
    auto& [ids, count] = words_[word];
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i + 1 == ids.size() || ids[i] != pair.left || ids[i + 1] != pair.right) {
        ids[kept++] = ids[i];
        continue;
      }
      if (kept > 0) {
        add(word, ids[kept - 1], pair.left, -count);
        add(word, ids[kept - 1], id, count);
      }
      add(word, pair.left, pair.right, -count);
      ++i;
      if (i + 1 < ids.size()) {
        add(word, pair.right, ids[i + 1], -count);
        add(word, id, ids[i + 1], count);
      }
      ids[kept++] = id;
    }
    ids.resize(kept);
  }

  Vocabulary vocabulary_;
  std::vector<Word> words_;
  tsl::robin_map<std::uint64_t, Pair, PairHash> pairs_;
  std::vector<std::uint64_t> changed_;
  std::priority_queue<Candidate, std::vector<Candidate>, Less> queue_;
};

Vocabulary without_merges(const std::vector<std::string>& specials) {
  Vocabulary vocabulary;
  for (const auto& special : specials) {
    CAROUSEL_CHECK(!special.empty(), "tokenizer train: a special token is empty");
    vocabulary.added.push_back({.id = static_cast<std::int32_t>(vocabulary.tokens.size())});
    vocabulary.tokens.push_back(special);
  }
  for (const char byte : byte_alphabet_order()) vocabulary.tokens.emplace_back(1, byte);
  return vocabulary;
}

AddedTokens::ByText by_text(const Vocabulary& vocabulary) {
  AddedTokens::ByText result;
  for (const auto& token : vocabulary.added) {
    const std::string& text = vocabulary.tokens[static_cast<std::size_t>(token.id)];
    CAROUSEL_CHECK(result.emplace(text, token).second,
                   "tokenizer train: the special token \"{}\" is there twice", text);
  }
  return result;
}

}  // namespace

BpeTrainer::BpeTrainer(std::int64_t vocab_size, const std::vector<std::string>& specials)
    : vocab_size_(static_cast<std::size_t>(vocab_size)),
      start_(without_merges(specials)),
      specials_(by_text(start_)) {
  CAROUSEL_CHECK(vocab_size >= std::ssize(start_.tokens),
                 "tokenizer train: got a vocabulary of {}, want at least {}: 256 bytes and {} "
                 "special token{}",
                 vocab_size, start_.tokens.size(), specials.size(),
                 specials.size() == 1 ? "" : "s");
}

void BpeTrainer::add(std::string_view text) {
  const auto add_word = [&](std::string_view word) { ++words_[std::string(word)]; };
  const auto add_text = [&](std::string_view stretch) { split_words(stretch, add_word); };
  specials_.split(text, Specials::recognised, add_text, [](std::int32_t) {});
}

Vocabulary BpeTrainer::train() const {
  std::array<std::int32_t, 256> bytes;
  std::int32_t id = static_cast<std::int32_t>(start_.added.size());
  for (const char byte : byte_alphabet_order()) bytes[static_cast<unsigned char>(byte)] = id++;
  std::vector<Word> words;
  for (const auto& [text, count] : words_) {
    Word word{.ids = {}, .count = count};
    for (const char byte : text) word.ids.push_back(bytes[static_cast<unsigned char>(byte)]);
    words.push_back(std::move(word));
  }
  Training training(start_, std::move(words));
  while (training.vocabulary().tokens.size() < vocab_size_) {
    CAROUSEL_CHECK(
        training.merge_best(),
        "tokenizer train: the texts are enough for {} tokens, want {}: give more text or "
        "a smaller vocabulary",
        training.vocabulary().tokens.size(), vocab_size_);
  }
  return training.vocabulary();
}

}  // namespace carousel
