// RowReader: stretches of tokens as the rows of a batch.
#pragma once

#include "data/batches.h"

namespace carousel {

class RowReader {
 public:
  RowReader(const Tokens& tokens, Documents documents, std::int64_t rows, std::int64_t length);

  // The next row: inputs are the tokens of the stretch, targets those one further. With documents
  // apart, the target of a document's last token is the separator or, without one, none. What the
  // stretch leaves empty predicts nothing. fresh: the row begins with a reset.
  void add(const Stretch& stretch, bool fresh);

  // The rows; reset is undefined where documents are joined.
  Batch finish() { return std::move(batch_); }

 private:
  void part_documents(const Stretch& stretch, std::int32_t* targets, std::int32_t* reset) const;

  Tokens tokens_;
  std::int64_t length_, added_ = 0;
  std::int32_t after_document_;
  std::vector<std::int32_t> buffer_;  // (S + 1)
  Batch batch_;
};

}  // namespace carousel
