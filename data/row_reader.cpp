#include "data/row_reader.h"

#include <algorithm>

namespace carousel {

RowReader::RowReader(const Tokens& tokens, Documents documents, std::int64_t rows,
                     std::int64_t length)
    : tokens_(tokens),
      length_(length),
      after_document_(tokens.corpus->separator().value_or(-1)),
      buffer_(static_cast<std::size_t>(length + 1)),
      batch_{Tensor<std::int32_t>({rows, length}), Tensor<std::int32_t>({rows, length}), {}} {
  if (documents == Documents::apart) batch_.reset = Tensor<std::int32_t>({rows, length});
}

void RowReader::add(const Stretch& stretch, bool fresh) {
  const std::int64_t at = added_++ * length_, count = stretch.end - stretch.begin;
  const std::int64_t known = std::min(count + 1, tokens_.size() - stretch.begin);
  const auto tokens = std::span(buffer_).first(static_cast<std::size_t>(known));
  tokens_.read(stretch.begin, tokens);

  const auto write = [&](Tensor<std::int32_t>& to, std::span<const std::int32_t> values,
                         std::int32_t rest) {
    std::int32_t* const row = to.mutable_data() + at;
    std::fill(std::copy(values.begin(), values.end(), row), row + length_, rest);
  };
  write(batch_.inputs, tokens.first(static_cast<std::size_t>(count)), 0);
  write(batch_.targets, tokens.subspan(1), -1);
  if (!batch_.reset.defined()) return;
  write(batch_.reset, {}, 0);
  std::int32_t* const reset = batch_.reset.mutable_data() + at;
  part_documents(stretch, batch_.targets.mutable_data() + at, reset);
  reset[0] |= fresh;
  if (count < length_) reset[count] = 1;
}

void RowReader::part_documents(const Stretch& stretch, std::int32_t* targets,
                               std::int32_t* reset) const {
  std::int64_t start = tokens_.next_document(stretch.begin - 1);
  for (; start < stretch.end; start = tokens_.next_document(start)) {
    reset[start - stretch.begin] = 1;
    if (start > stretch.begin) targets[start - stretch.begin - 1] = after_document_;
  }
  if (start == stretch.end) targets[stretch.end - stretch.begin - 1] = after_document_;
}

}  // namespace carousel
