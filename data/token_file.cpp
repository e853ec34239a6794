#include "data/token_file.h"

#include <array>
#include <cstring>

#include "core/error.h"

namespace carousel {

namespace {

using Header = std::array<std::uint32_t, 256>;

struct Kind {
  std::uint32_t magic, version;
  TokenWidth width;
};
constexpr std::array kinds{Kind{20240520, 1, TokenWidth::two}, Kind{20240801, 7, TokenWidth::four}};
constexpr std::uint32_t evaluation_magic = 20240522;  // multiple-choice questions, not text

TokenView parse_llmc(std::string name, std::span<const std::byte> bytes, const Kind& kind) {
  CAROUSEL_CHECK(bytes.size() >= sizeof(Header), "{}: the file ends inside its header of {} bytes",
                 name, sizeof(Header));
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  CAROUSEL_CHECK(header[1] == kind.version, "{}: got version {} of llm.c's format {}, want {}",
                 name, header[1], kind.magic, kind.version);
  const std::uint64_t wanted = std::uint64_t{header[2]} * static_cast<std::uint64_t>(kind.width);
  const std::uint64_t found = bytes.size() - sizeof header;
  CAROUSEL_CHECK(found == wanted,
                 "{}: the header promises {} tokens of {} bytes, but {} bytes follow it", name,
                 header[2], static_cast<int>(kind.width), found);
  return TokenView(std::move(name), bytes, kind.width, sizeof header);
}

TokenView parse(std::string name, std::span<const std::byte> bytes) {
  std::uint32_t magic = 0;
  if (bytes.size() >= sizeof magic) std::memcpy(&magic, bytes.data(), sizeof magic);
  for (const Kind& kind : kinds) {
    if (magic == kind.magic) return parse_llmc(std::move(name), bytes, kind);
  }
  CAROUSEL_CHECK(magic != evaluation_magic, "{}: this is llm.c's evaluation data, not text", name);
  return TokenView(std::move(name), bytes, TokenWidth::two);
}

}  // namespace

TokenView parse_token_file(std::string name, std::span<const std::byte> bytes) {
  TokenView tokens = parse(std::move(name), bytes);
  CAROUSEL_CHECK(tokens.size() > 0, "{}: there is no token in it", tokens.name());
  return tokens;
}

std::string token_file_header(TokenWidth width, std::int64_t tokens) {
  CAROUSEL_CHECK(tokens >= 0 && tokens <= 0x7FFFFFFF,
                 "token file: got {} tokens, want at most 2147483647", tokens);
  const Kind& kind = kinds[width == TokenWidth::two ? 0 : 1];
  const Header header{kind.magic, kind.version, static_cast<std::uint32_t>(tokens)};
  return {reinterpret_cast<const char*>(header.data()), sizeof header};
}

}  // namespace carousel
