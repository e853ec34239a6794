// Any bytes as one of the files of a checkpoint: the manifest sees that it is another, and whoever
// reads it all the same refuses it in a sentence, or reads what would be written.

#include "examples/language_model/checkpoint.h"

#include <array>

#include "core/archive.h"
#include "core/error.h"
#include "core/manifest.h"
#include "tests/fuzz/memory_files.h"

namespace {

using namespace carousel;
using State = program::TrainingState<float>;

constexpr std::array names{"checksums", "state.json", "state.safetensors", "run.json"};

State small_state() {
  using T = Tensor<float>;
  State state;
  state.step = 3;
  state.moments = {{"a", T({2, 3}), T({2, 3}), 3}, {"b", T(), T(), 0}};
  state.carried.resize(1);
  state.carried[0].blocks = {{T({1, 2})}, {T(), T({1})}};
  state.unlogged = program::StepResult{1.5, 0.25, 1e-3};
  state.validation = program::Evaluation{2.5, 7, false};
  return state;
}

class Checkpoint {
 public:
  Checkpoint() {
    save_archive(path() / "state", small_state());
    save_archive(path() / "run",
                 program::RunDescription{.options = {}, .data = "x", .backend = "y"});
    write_manifest(path());
    for (std::size_t i = 0; i < names.size(); ++i) whole_[i] = read_file(path() / names[i]);
  }

  const std::filesystem::path& path() const { return directory_.path(); }
  const std::string& whole(std::size_t file) const { return whole_[file]; }
  void put(std::size_t file, std::string_view bytes) const { directory_.put(names[file], bytes); }

 private:
  MemoryDirectory directory_;
  std::array<std::string, names.size()> whole_;
};

// Whether it succeeds.
template <class Action>
bool succeeds(const Checkpoint& checkpoint, const Action& action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    const std::string_view sentence = error.what();
    require(sentence.find(checkpoint.path().string()) != std::string_view::npos);
    return false;
  }
}

template <class T>
void read(const Checkpoint& checkpoint, const char* name) {
  succeeds(checkpoint, [&] {
    ArchiveWriter writer;
    writer.write(load_archive<T>(checkpoint.path() / name));
  });
}

}  // namespace

// The first byte says which file.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const Checkpoint checkpoint;
  if (size == 0) return 0;
  const std::size_t file = data[0] % names.size();
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  checkpoint.put(file, bytes);
  const bool fits = succeeds(checkpoint, [&] { check_manifest(checkpoint.path()); });
  const bool same = bytes == checkpoint.whole(file);
  require(fits || !same);
  require(!fits || same || file == 0);  // the lines of a manifest may have another order
  if (names[file] == std::string_view("run.json")) {
    read<program::RunDescription>(checkpoint, "run");
  } else if (names[file] != std::string_view("checksums")) {
    read<State>(checkpoint, "state");
  }
  checkpoint.put(file, checkpoint.whole(file));
  return 0;
}
