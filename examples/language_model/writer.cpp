#include "examples/language_model/writer.h"

#include <algorithm>

#include "core/error.h"
#include "ops/layout.h"
#include "text/text_stream.h"

namespace carousel::program {

template <class Real>
void Writer<Real>::read(std::span<const std::int32_t> tokens) {
  constexpr std::size_t segment = 256;  // a long prompt takes no more memory than this many tokens
  while (!tokens.empty()) {
    const auto piece = tokens.first(std::min(segment, tokens.size()));
    advance(piece);
    tokens = tokens.subspan(piece.size());
  }
}

template <class Real>
std::int32_t Writer<Real>::write() {
  if (!pending_.empty()) {
    advance(pending_);
    pending_.clear();
  }
  CAROUSEL_CHECK(!logits_.empty(), "generate: nothing was read yet");
  const std::int32_t token = sample(logits_, sampling_, random_.uniform(written_));
  ++written_;
  pending_ = {token};
  return token;
}

template <class Real>
void Writer<Real>::advance(std::span<const std::int32_t> tokens) {
  const auto S = static_cast<std::int64_t>(tokens.size());
  auto [logits, state] = model_(Tensor<std::int32_t>::from({1, S}, tokens), std::move(state_));
  state_ = std::move(state);
  const auto last = slice(logits, 1, S - 1, 1).value.to(Device::cpu);
  logits_.assign(last.values().begin(), last.values().begin() + choices_);
}

template <class Real>
void write_text(Writer<Real>& writer, const Tokenizer& tokenizer, std::int64_t tokens,
                const TextSink& put) {
  TextStream text;
  for (std::int64_t i = 0; i < tokens; ++i) put(text.add(tokenizer.token(writer.write())));
  put(text.finish());
}

template class Writer<float>;
template class Writer<double>;
template class Writer<bf16>;
template void write_text(Writer<float>&, const Tokenizer&, std::int64_t, const TextSink&);
template void write_text(Writer<double>&, const Tokenizer&, std::int64_t, const TextSink&);
template void write_text(Writer<bf16>&, const Tokenizer&, std::int64_t, const TextSink&);

}  // namespace carousel::program
