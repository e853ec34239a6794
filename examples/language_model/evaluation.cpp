#include "examples/language_model/evaluation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "ops/cross_entropy.h"

namespace carousel::program {

namespace {

template <class Real>
class Evaluator {
 public:
  Evaluator(const LanguageModel<Real>& model, const Tokens& tokens,
            const EvaluationOptions<Wide<Real>>& options)
      : model_(model), tokens_(tokens), options_(options) {
    // Bounds the logits to 64 MiB of floats, unless the vocabulary is above 260,000.
    const std::int64_t V = model.config.vocab_size;
    at_once_ = std::clamp<std::int64_t>((std::int64_t{1} << 24) / V, 64, 4096);
  }

  Evaluation run() {
    const std::int64_t N = tokens_.size() - 1;
    const std::int64_t window = options_.carry_state ? N : std::min(N, options_.context);
    const std::int64_t whole = N / window;
    const std::int64_t rows = std::clamp<std::int64_t>(at_once_ / window, 1, 64);
    for (std::int64_t w = 0; w < whole && !stopped_; w += rows) {
      read_windows(w * window, std::min(rows, whole - w), window);
    }
    if (N > whole * window && !stopped_) read_windows(whole * window, 1, N - whole * window);
    CAROUSEL_CHECK(count_ > 0 || stopped_, "evaluation: there is nothing to predict in {}",
                   tokens_.count());
    return {count_ > 0 ? sum_ / static_cast<double>(count_) : 0, count_, stopped_};
  }

 private:
  // Windows side by side, each from a fresh state, in segments that pass the state on.
  void read_windows(std::int64_t begin, std::int64_t rows, std::int64_t window) {
    const std::int64_t segment = std::min(options_.context, at_once_);
    ModelState<Wide<Real>> state;
    for (std::int64_t at = 0; at < window && !stopped_; at += segment) {
      const std::int64_t length = std::min(segment, window - at);
      const Batch batch = read_batch(tokens_, begin + at, window, rows, length, options_.documents);
      auto output = model_(batch.inputs, state, {.reset = batch.reset});
      state = std::move(output.state);
      const Tensor<Wide<Real>>& logits = output.logits.value;
      add(cross_entropy_of_each(logits, batch.targets).to(Device::cpu), batch.targets, begin + at,
          window);
      if (options_.on_logits) report(logits.to(Device::cpu), begin + at, window);
      stopped_ = options_.stop && options_.stop();
    }
  }

  // Logits (rows, length, V): the first of row r are those of token begin + r · window.
  void report(const Tensor<Wide<Real>>& logits, std::int64_t begin, std::int64_t window) const {
    const auto size = static_cast<std::size_t>(logits.shape().inner(0));
    for (std::int64_t row = 0; row < logits.dim(0); ++row) {
      options_.on_logits(begin + row * window,
                         logits.values().subspan(static_cast<std::size_t>(row) * size, size));
    }
  }

  // Losses (rows, length): the first of row r is that of token begin + r · window + 1. There is
  // more than one row only where each is a whole window, so that tokens come in order.
  void add(const Tensor<Wide<Real>>& losses, const Tensor<std::int32_t>& targets,
           std::int64_t begin, std::int64_t window) {
    const std::int64_t length = losses.dim(1);
    for (std::int64_t n = 0; n < losses.numel(); ++n) {
      const std::int64_t token = begin + n / length * window + n % length + 1;
      std::optional<double> loss;
      if (targets.data()[n] >= 0) {
        loss = static_cast<double>(losses.data()[n]);
        CAROUSEL_CHECK(std::isfinite(*loss), "evaluation: the loss at token {} is {}", token,
                       *loss);
        sum_ += *loss;
        ++count_;
      }
      if (options_.on_token) options_.on_token(token, loss);
    }
  }

  const LanguageModel<Real>& model_;
  const Tokens& tokens_;
  const EvaluationOptions<Wide<Real>>& options_;
  std::int64_t at_once_;  // tokens
  double sum_ = 0;
  std::int64_t count_ = 0;
  bool stopped_ = false;
};

}  // namespace

double Evaluation::bits() const { return loss / std::numbers::ln2; }
double Evaluation::perplexity() const { return std::exp(loss); }

template <class Real>
Evaluation evaluate(const LanguageModel<Real>& model, const Tokens& tokens,
                    const EvaluationOptions<Wide<Real>>& options) {
  CAROUSEL_CHECK(tokens.size() >= 2, "evaluation: there are {}, want at least 2", tokens.count());
  return Evaluator<Real>(model, tokens, options).run();
}

template Evaluation evaluate(const LanguageModel<float>&, const Tokens&,
                             const EvaluationOptions<float>&);
template Evaluation evaluate(const LanguageModel<double>&, const Tokens&,
                             const EvaluationOptions<double>&);
template Evaluation evaluate(const LanguageModel<bf16>&, const Tokens&,
                             const EvaluationOptions<float>&);

}  // namespace carousel::program
