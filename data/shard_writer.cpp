#include "data/shard_writer.h"

#include "core/error.h"
#include "core/file.h"
#include "data/token_file.h"

namespace carousel {

namespace {

constexpr std::int64_t most_tokens = 0x7FFFFFFF;

template <class Number>
std::string_view bytes_of(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

}  // namespace

ShardWriter::ShardWriter(std::filesystem::path directory, std::string split, TokenWidth width,
                         std::int64_t shard_tokens)
    : directory_(std::move(directory)),
      split_(std::move(split)),
      width_(width),
      shard_tokens_(shard_tokens) {}

void ShardWriter::add(std::span<const std::int32_t> ids) {
  CAROUSEL_CHECK(std::ssize(ids) <= most_tokens, "a document has {} tokens, want at most {}",
                 ids.size(), most_tokens);
  if (std::ssize(ids) > most_tokens - tokens_) write();
  starts_.push_back(static_cast<std::uint32_t>(tokens_));
  for (const std::int32_t id : ids) {
    if (width_ == TokenWidth::two) {
      narrow_.push_back(static_cast<std::uint16_t>(id));
    } else {
      wide_.push_back(static_cast<std::uint32_t>(id));
    }
  }
  tokens_ += std::ssize(ids);
  if (tokens_ >= shard_tokens_) write();
}

std::vector<PreparedIndex::Shard> ShardWriter::finish() {
  if (tokens_ > 0) write();
  return shards_;
}

void ShardWriter::write() {
  GrowingFile ids(directory_ / shard_name(split_, shards_.size(), ".bin"));
  ids.write(token_file_header(width_, tokens_));
  ids.write(width_ == TokenWidth::two ? bytes_of(narrow_) : bytes_of(wide_));
  ids.flush();
  GrowingFile starts(directory_ / shard_name(split_, shards_.size(), ".starts"));
  starts.write(bytes_of(starts_));
  starts.flush();
  shards_.push_back({tokens_, std::ssize(starts_)});
  narrow_.clear();
  wide_.clear();
  starts_.clear();
  tokens_ = 0;
}

}  // namespace carousel
