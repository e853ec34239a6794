// Any bytes as a safetensors file: refused in a sentence, or tensors of the sizes that it says.

#include "core/safetensors.h"

#include "core/error.h"
#include "tests/fuzz/memory_files.h"

namespace {

using namespace carousel;

template <class T>
void read(const Safetensors& file, const std::string& name) {
  try {
    require(file.read<T>(name).shape() == file.shape(name));
  } catch (const Error& error) {  // of another type, or a number that does not fit
    require(std::string_view(error.what()).starts_with(file.path().string() + ": tensor "));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static MemoryFile bytes;
  bytes.set({reinterpret_cast<const char*>(data), size});
  const std::string path = bytes.path().string();
  try {
    const Safetensors file(path);
    for (const auto& name : file.names()) {
      require(file.contains(name));
      read<float>(file, name);
      read<double>(file, name);
      read<std::int32_t>(file, name);
    }
  } catch (const Error& error) {
    require(std::string_view(error.what()).find(path) != std::string_view::npos);
  }
  return 0;
}
