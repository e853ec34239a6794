// Models on disk that do not fit, or cannot be written: refused by name, and nothing is half done.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <limits>

#include "tests/nn/saved_model.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

// The sentence of the Error that a call throws; "" when it throws none.
std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string load_error(const fs::path& directory) {
  return error_of([&] { load_model<float>(directory); });
}

// What load_model says about the changed tensors, without the path it begins with.
std::string complaint(const SavedModel& saved) {
  saved.write();
  const std::string error = load_error(saved.directory());
  const std::string origin = saved.weights().string() + ": ";
  CHECK(error.starts_with(origin));
  return error.substr(std::min(error.size(), origin.size()));
}

const std::string block = "xlstm_block_stack.blocks.0.xlstm.";
const std::string skip = block + "learnable_skip";
const std::string cell = "xlstm_block_stack.blocks.1.xlstm.slstm_cell.";

// A disk that takes no file above a size, while it lives.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t most) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{most, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("model directory: what does not fit the config is named") {
  SavedModel saved;
  const std::string prefix = "does not fit the config beside it: ";
  SUBCASE("missing") {
    saved.tensors.erase(skip);
    saved.tensors.erase("lm_head.weight");
    CHECK(complaint(saved) == prefix + "missing " + skip + ", lm_head.weight");
  }
  SUBCASE("unexpected") {
    saved.tensors["extra.weight"] = Tensor<float>::zeros({1});
    CHECK(complaint(saved) == prefix + "unexpected extra.weight");
  }
  SUBCASE("wrong shape") {
    saved.tensors[skip] = Tensor<float>::zeros({63});
    CHECK(complaint(saved) == prefix + skip + " has shape [63], want [64]");
  }
  SUBCASE("the right number of elements in another shape") {
    saved.tensors[block + "proj_down.weight"] = Tensor<float>::zeros({64, 16});
    CHECK(complaint(saved) ==
          prefix + block + "proj_down.weight has shape [64, 16], want [16, 64]");
  }
  SUBCASE("neither layout of recurrent weights") {
    saved.tensors[cell + "_recurrent_kernel_"] = Tensor<float>::zeros({8, 2, 32});
    CHECK(complaint(saved) ==
          prefix + cell + "_recurrent_kernel_ has shape [8, 2, 32], want [2, 32, 8]");
  }
  SUBCASE("everything at once") {
    saved.tensors.erase("lm_head.weight");
    saved.tensors["a"] = saved.tensors["b"] = Tensor<float>::zeros({1});
    saved.tensors[skip] = Tensor<float>::zeros({1, 64});
    CHECK(complaint(saved) == prefix + skip +
                                  " has shape [1, 64], want [64]; missing lm_head.weight; "
                                  "unexpected a, b");
  }
}

TEST_CASE("model directory: numbers that are none are named") {
  SavedModel saved;
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    saved.tensors[skip].mutable_data()[63] = bad;
    CHECK(complaint(saved) == skip + " holds NaN or infinity");
  }
}

TEST_CASE("model directory: numbers too large for float are named") {
  const TemporaryDirectory directory;
  const auto model = lively_model<double>(mixed_config());
  Tensor<double> embedding = model.token_embedding.weight.value;
  embedding.mutable_data()[5] = 1e300;
  save_model(directory.path(), model);
  CHECK(load_error(directory.path()).find("token_embedding.weight") != std::string::npos);
}

TEST_CASE("model directory: tied weights that differ are refused") {
  ModelConfig config = mixed_config();
  config.tie_weights = true;
  SavedModel saved(config);
  saved.tensors["lm_head.weight"].mutable_data()[0] += 1;
  CHECK(complaint(saved) ==
        "token_embedding.weight and lm_head.weight differ, but the config ties them");
}

TEST_CASE("model directory: files that are not there, or are something else") {
  const SavedModel saved;
  SUBCASE("no directory") {
    CHECK(load_error("/no/such/model") ==
          "/no/such/model: is not a directory, want one with config.json and model.safetensors");
    CHECK(load_error(saved.config()) == saved.config().string() +
                                            ": is not a directory, want one with "
                                            "config.json and model.safetensors");
  }
  SUBCASE("no config") {
    fs::remove(saved.config());
    CHECK(load_error(saved.directory()).find(saved.config().string()) != std::string::npos);
  }
  SUBCASE("no weights") {
    fs::remove(saved.weights());
    CHECK(load_error(saved.directory()).find(saved.weights().string()) != std::string::npos);
  }
  SUBCASE("empty weights") {
    std::ofstream(saved.weights(), std::ios::trunc).close();
    CHECK(load_error(saved.directory()).find(saved.weights().string()) != std::string::npos);
  }
  SUBCASE("a config of another model") {
    ModelConfig other = mixed_config();
    other.embedding_dim = 32;
    std::ofstream(saved.config(), std::ios::trunc) << to_json(other);
    CHECK(load_error(saved.directory()).find("learnable_skip has shape") == std::string::npos);
    CHECK(load_error(saved.directory())
              .find("token_embedding.weight has shape [29, 16], want "
                    "[29, 32]") != std::string::npos);
  }
}

TEST_CASE("model directory: a failed save leaves the old files") {
  const SavedModel saved;
  const std::string config = read_file(saved.config());
  const std::string weights = read_file(saved.weights());
  ModelConfig other = mixed_config();
  other.num_blocks = 4;
  const auto model = lively_model<float>(other);
  std::string error;
  SUBCASE("the disk is full") {
    const SmallDisk disk(16384);
    error = error_of([&] { save_model(saved.directory(), model); });
    CHECK(error.find(saved.weights().string()) != std::string::npos);
  }
  SUBCASE("weights that are not finite") {
    Tensor<float> embedding = model.token_embedding.weight.value;
    embedding.mutable_data()[1] = std::numeric_limits<float>::quiet_NaN();
    error = error_of([&] { save_model(saved.directory(), model); });
    CHECK(error == "cannot save the model to " + saved.directory().string() +
                       ": token_embedding.weight holds NaN or infinity");
  }
  CHECK(!error.empty());
  CHECK(read_file(saved.config()) == config);
  CHECK(read_file(saved.weights()) == weights);
  CHECK(saved.files() == 2);
}

TEST_CASE("model directory: a place that cannot be written is named") {
  const SavedModel saved;
  const auto model = lively_model<float>(mixed_config());
  const fs::path below_a_file = saved.config() / "model";
  CHECK(error_of([&] { save_model(below_a_file, model); }).find("config.json") !=
        std::string::npos);
  fs::remove(saved.weights());
  fs::create_directory(saved.weights());
  const std::string config = read_file(saved.config());
  CHECK(error_of([&] { save_model(saved.directory(), model); }).find(saved.weights().string()) !=
        std::string::npos);
  CHECK(read_file(saved.config()) == config);
}

}  // namespace carousel
