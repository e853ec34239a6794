// Any bytes as the index of prepared data whose other files are whole: refused in a sentence, or
// data that can be read from end to end.

#include "core/checksum.h"
#include "core/error.h"
#include "core/file.h"
#include "data/batches.h"
#include "data/prepared.h"
#include "data/token_file.h"
#include "tests/fuzz/memory_files.h"
#include "text/tokenizer_files.h"

namespace {

using namespace carousel;

// Two shards to train on, and one for validation, each of 7 tokens in 3 documents.
class Data {
 public:
  Data() {
    save_tokenizer(directory_.path(),
                   Tokenizer({.tokens = {"a", "b", "c"}, .merges = {}, .added = {}}, "f"));
    list("tokenizer.json");
    for (const char* const name : {"training-00000", "training-00001", "validation-00000"}) {
      put(std::string(name) + ".bin",
          token_file_header(TokenWidth::two, 7) + bytes_of<std::uint16_t>({0, 1, 2, 0, 0, 1, 2}));
      put(std::string(name) + ".starts", bytes_of<std::uint32_t>({0, 3, 4}));
    }
  }

  const std::filesystem::path& with(std::string_view index) const {
    directory_.put("index.json", index);
    directory_.put("checksums", sums_ + sum_of(index) + "  index.json\n");
    return directory_.path();
  }

 private:
  template <class Number>
  static std::string bytes_of(const std::vector<Number>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
  }

  static std::string sum_of(std::string_view bytes) {
    Checksum checksum;
    checksum.add(std::as_bytes(std::span(bytes)));
    return checksum.text();
  }

  void put(const std::string& name, const std::string& bytes) {
    directory_.put(name.c_str(), bytes);
    list(name);
  }
  void list(const std::string& name) {
    sums_ += sum_of(read_file(directory_.path() / name)) + "  " + name + "\n";
  }

  MemoryDirectory directory_;
  std::string sums_;
};

void use(const Corpus& corpus) {
  if (corpus.size() == 0) return;
  corpus.read_all();
  for (std::int64_t at = 0, next; at < corpus.size(); at = next) {
    next = corpus.next_document(at);
    require(next > at && next <= corpus.size());
  }
  for (const auto& [word, order] : words(Order{})) {
    const Batches batches({&corpus, 0, corpus.size()}, order, {.rows = 1, .length = 3}, 1);
    for (const Batch& batch : batches(1)) require(batch.inputs.numel() == 3);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const Data files;
  const auto& path = files.with({reinterpret_cast<const char*>(data), size});
  try {
    const PreparedData prepared = open_prepared(path);
    use(prepared.training);
    use(prepared.validation);
  } catch (const Error& error) {
    require(std::string_view(error.what()).find(path.string()) != std::string_view::npos);
  }
  return 0;
}
