#include "batch_columns.h"

#include <algorithm>
#include <cstring>

#include "problem.h"

namespace easyrec::reader {

std::vector<ElementType> ColumnTypes(const Plan& plan) {
  std::vector<ElementType> types;
  for (const Field& field : plan.fields) {
    if (field.wanted) types.push_back(TypeOf(field, 0));
  }
  for (const HashedColumn& column : plan.hashed) types.push_back(TypeOf(plan.fields[column.field], column.buckets));
  return types;
}

BatchColumns::BatchColumns(const Plan& plan) : types_(ColumnTypes(plan)), text_bytes_(types_.size()) {
  // As many as wait, the one being filled, one or two in use.
  const auto kept = static_cast<size_t>(std::min<int64_t>(plan.prefetch, 1 << 20)) + 3;
  for (const ElementType& type : types_) {
    pools_.push_back(std::make_shared<BlockPool>(static_cast<size_t>(plan.batch_size) * type.bytes, kept));
  }
}

BatchColumns::~BatchColumns() {
  for (const auto& pool : pools_) pool->Close();
}

void BatchColumns::Append(const std::vector<PooledBlock>& columns, int64_t first, int64_t count) {
  if (columns_.empty()) {
    for (const auto& pool : pools_) columns_.emplace_back(pool);
  }
  for (size_t i = 0; i < types_.size(); i++) {
    const size_t bytes = types_[i].bytes;
    const char* from = columns[i].block->data() + static_cast<size_t>(first) * bytes;
    char* to = columns_[i].block->data() + static_cast<size_t>(rows_) * bytes;
    std::memcpy(to, from, static_cast<size_t>(count) * bytes);
    if (types_[i].dtype == kStringType) AppendTexts(i, from, count);
  }
  rows_ += count;
}

/** Long texts belong to the block that they came in. */
void BatchColumns::AppendTexts(size_t column, const char* from, int64_t count) {
  const size_t bytes = types_[column].bytes;
  Block& block = *columns_[column].block;
  char* to = block.data() + static_cast<size_t>(rows_) * bytes;
  size_t total = text_bytes_[column];
  for (int64_t row = 0; row < count; row++, from += bytes, to += bytes) {
    const std::string_view text = TextOf(from);
    total += text.size();
    if (total > kMaxColumnBytes) throw ColumnTooLarge();
    if (text.data() != from + 1) PutText(to, text, block);
  }
  text_bytes_[column] = total;
}

std::vector<PooledBlock> BatchColumns::Finish() {
  std::vector<PooledBlock> finished = std::move(columns_);
  columns_.clear();
  std::fill(text_bytes_.begin(), text_bytes_.end(), 0);
  rows_ = 0;
  return finished;
}

}  // namespace easyrec::reader
