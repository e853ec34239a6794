// Any bytes as a config.json: refused in a sentence, or a configuration that comes back when it is
// written.

#include "core/error.h"
#include "nn/config.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace carousel;
  try {
    const ModelConfig config = parse_config({reinterpret_cast<const char*>(data), size}, "f");
    check_config(config, "f");
    require(parse_config(to_json(config), "f") == config);
  } catch (const Error& error) {
    require(std::string_view(error.what()).starts_with("f: "));
  }
  return 0;
}
