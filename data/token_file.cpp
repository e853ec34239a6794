#include "data/token_file.h"

#include <array>

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

TokenView parse_llmc(std::string name, ByteSource bytes, const Kind& kind) {
  constexpr auto header_bytes = static_cast<std::int64_t>(sizeof(Header));
  CAROUSEL_CHECK(bytes.size() >= header_bytes, "{}: the file ends inside its header of {} bytes",
                 name, header_bytes);
  Header header;
  bytes.read(0, std::as_writable_bytes(std::span(header)));
  CAROUSEL_CHECK(header[1] == kind.version, "{}: got version {} of llm.c's format {}, want {}",
                 name, header[1], kind.magic, kind.version);
  const std::int64_t wanted = std::int64_t{header[2]} * static_cast<std::int64_t>(kind.width);
  const std::int64_t found = bytes.size() - header_bytes;
  CAROUSEL_CHECK(found == wanted,
                 "{}: the header promises {} tokens of {} bytes, but {} bytes follow it", name,
                 header[2], static_cast<int>(kind.width), found);
  return TokenView(std::move(name), std::move(bytes), kind.width, header_bytes);
}

TokenView parse(std::string name, ByteSource bytes) {
  std::array<std::uint32_t, 1> magic{};
  const auto magic_bytes = std::as_writable_bytes(std::span(magic));
  if (bytes.size() >= std::ssize(magic_bytes)) bytes.read(0, magic_bytes);
  for (const Kind& kind : kinds) {
    if (magic[0] == kind.magic) return parse_llmc(std::move(name), std::move(bytes), kind);
  }
  CAROUSEL_CHECK(magic[0] != evaluation_magic, "{}: this is llm.c's evaluation data, not text",
                 name);
  return TokenView(std::move(name), std::move(bytes), TokenWidth::two);
}

}  // namespace

bool holds_ids(const std::filesystem::path& file) { return file.extension() == ".bin"; }

TokenView parse_token_file(std::string name, ByteSource bytes) {
  TokenView tokens = parse(std::move(name), std::move(bytes));
  CAROUSEL_CHECK(tokens.size() > 0, "{}: there is no token in it", tokens.name());
  return tokens;
}

TokenView open_token_file(const std::filesystem::path& path) {
  return parse_token_file(path.string(), ByteSource::file(path));
}

std::string token_file_header(TokenWidth width, std::int64_t tokens) {
  CAROUSEL_CHECK(tokens >= 0 && tokens <= 0x7FFFFFFF,
                 "token file: got {} tokens, want at most 2147483647", tokens);
  const Kind& kind = kinds[width == TokenWidth::two ? 0 : 1];
  const Header header{kind.magic, kind.version, static_cast<std::uint32_t>(tokens)};
  return {reinterpret_cast<const char*>(header.data()), sizeof header};
}

}  // namespace carousel
