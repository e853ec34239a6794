// ShardWriter: documents' ids into the shards of one split.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/prepared.h"

namespace carousel {

class ShardWriter {
 public:
  // Makes SPLIT-00000.bin, SPLIT-00000.starts, … in a directory. A shard has at least shard_tokens
  // tokens unless it is the last, and is in memory until then. A document is never cut.
  ShardWriter(std::filesystem::path directory, std::string split, TokenWidth width,
              std::int64_t shard_tokens);

  // Adds a document, which has a token. Throws Error when it has more than fit into a shard,
  // 2^31 − 1, or the disk refuses.
  void add(std::span<const std::int32_t> ids);

  // Writes what is left, and tells what there is. Throws Error when the disk refuses.
  std::vector<PreparedIndex::Shard> finish();

 private:
  void write();

  std::filesystem::path directory_;
  std::string split_;
  TokenWidth width_;
  std::int64_t shard_tokens_;
  std::vector<std::uint16_t> narrow_;  // ids of the shard in the making: one of the two is used
  std::vector<std::uint32_t> wide_;
  std::vector<std::uint32_t> starts_;
  std::int64_t tokens_ = 0;
  std::vector<PreparedIndex::Shard> shards_;
};

}  // namespace carousel
