// Any bytes as a tokenizer.json: refused in a sentence, or a tokenizer that keeps its promises.

#include "text/tokenizer_json.h"

#include "core/error.h"
#include "tests/fuzz/require.h"
#include "text/normalization.h"
#include "text/tokenizer.h"

namespace {

using namespace carousel;

void use(const Tokenizer& tokenizer, std::string_view text) {
  try {
    for (const Specials specials : {Specials::recognised, Specials::plain_text}) {
      const std::string decoded = tokenizer.decode(tokenizer.encode(text, specials));
      require(tokenizer.vocabulary().nfc ? nfc(decoded) == nfc(text) : decoded == text);
    }
  } catch (const Error&) {  // a byte without a token
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Tokenizer tokenizer(parse_tokenizer_json(text, "f"), "f");
    use(tokenizer, text);
    use(tokenizer, "the e\u0301nd<|endoftext|>  \xFF");
    const std::string written = to_tokenizer_json(tokenizer.vocabulary());
    require(to_tokenizer_json(parse_tokenizer_json(written, "f")) == written);
  } catch (const Error& error) {
    require(std::string_view(error.what()).starts_with("f: "));
  }
  return 0;
}
