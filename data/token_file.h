// Files of token ids, which end in .bin. There are two kinds:
//
//   nanoGPT   16-bit ids and nothing else
//   llm.c     a header of 256 32-bit numbers (magic, version, number of tokens, zeros), then ids:
//             magic 20240520, version 1: 16 bits each; magic 20240801, version 7: 32 bits each
//
// Everything is little-endian. A file whose first 32 bits are one of the magic numbers is llm.c's:
// as 16-bit ids they would be 55432 or 55713 and then 308, no ids of GPT-2.
#pragma once

#include "data/token_view.h"

namespace carousel {

// Whether a file, by its name, holds token ids rather than text.
bool holds_ids(const std::filesystem::path& file);

// The ids in the bytes of a file. Throws Error, with its name, for a header with another version,
// for a size that is not what the header says, and for a file without a token.
TokenView parse_token_file(std::string name, ByteSource bytes);
TokenView open_token_file(const std::filesystem::path& path);

// llm.c's header for up to 2^31 − 1 ids. The widths are two and four.
std::string token_file_header(TokenWidth width, std::int64_t tokens);

}  // namespace carousel
