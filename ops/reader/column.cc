#include "column.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "fingerprint.h"
#include "number_text.h"
#include "problem.h"
#include "utf8.h"

namespace easyrec::reader {
namespace {

/** As TensorFlow aligns tensors; what is aligned less, TF_NewTensor copies. */
constexpr size_t kAlignment = 64;
constexpr size_t kFirstChunk = 1 << 14;

// TF_TString (tensorflow/core/platform/ctstring_internal.h, little endian). The two lowest bits of the first byte are
// the kind: SMALL has the size in the other six and up to 22 bytes inline, LARGE {size << 2 | 1, capacity, address}.
// LARGE, not VIEW: an op that copies a view copies the address alone, and what it keeps would outlive the tensor.
constexpr size_t kStringBytes = 24;
constexpr size_t kSmallCapacity = 22;
constexpr uint64_t kLarge = 1;

}  // namespace

ElementType TypeOf(const Field& field, uint64_t hash_buckets) {
  if (hash_buckets > 0) return {9, 8};
  switch (field.type) {
    case FieldType::kInt32: return {3, 4};
    case FieldType::kInt64: return {9, 8};
    case FieldType::kFloat32: return {1, 4};
    case FieldType::kFloat64: return {2, 8};
    case FieldType::kBool: return {10, 1};
    case FieldType::kString: break;
  }
  return {kStringType, kStringBytes};
}

void PutText(char* element, std::string_view text, Block& block) {
  const size_t size = text.size();
  if (size <= kSmallCapacity) {
    // 23 bytes whatever the size: what lies behind the text is never looked at.
    std::memcpy(element + 1, text.data(), kSmallCapacity + 1);
    element[0] = static_cast<char>(size << 2);
    element[1 + size] = '\0';
    return;
  }
  char* bytes = block.Allocate(size + 1);
  std::memcpy(bytes, text.data(), size);
  bytes[size] = '\0';
  const uint64_t words[] = {size << 2 | kLarge, size, reinterpret_cast<uint64_t>(bytes)};
  static_assert(sizeof(words) == kStringBytes);
  std::memcpy(element, words, sizeof(words));
}

std::string_view TextOf(const char* element) {
  if ((element[0] & 3) != kLarge) return {element + 1, static_cast<size_t>(static_cast<uint8_t>(element[0]) >> 2)};
  uint64_t words[3];
  std::memcpy(words, element, sizeof(words));
  return {reinterpret_cast<const char*>(words[2]), words[0] >> 2};
}

Block::Block(size_t bytes) {
  const size_t size = (bytes + kPadding + kAlignment - 1) / kAlignment * kAlignment;
  data_ = static_cast<char*>(std::aligned_alloc(kAlignment, size));
  if (data_ == nullptr) throw std::bad_alloc();
}

Block::~Block() { std::free(data_); }

char* Block::Allocate(size_t size) {
  while (mark_.chunk < chunks_.size() && chunks_[mark_.chunk].size - mark_.used < size) mark_ = {mark_.chunk + 1, 0};
  if (mark_.chunk == chunks_.size()) {
    const size_t least = chunks_.empty() ? kFirstChunk : 2 * chunks_.back().size;
    const size_t chunk = std::max(least, size);
    chunks_.push_back({std::unique_ptr<char[]>(new char[chunk]), chunk});
  }
  char* at = chunks_[mark_.chunk].bytes.get() + mark_.used;
  mark_.used += size;
  return at;
}

void Block::Reset() {
  if (chunks_.size() > 1) {
    std::swap(chunks_.front(), chunks_.back());
    chunks_.resize(1);
  }
  mark_ = {};
}

std::unique_ptr<Block> BlockPool::Take() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Block> block = std::move(free_.back());
      free_.pop_back();
      return block;
    }
  }
  return std::make_unique<Block>(bytes_);
}

void BlockPool::Give(std::unique_ptr<Block> block) {
  block->Reset();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!closed_ && free_.size() < limit_) free_.push_back(std::move(block));
}

void BlockPool::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  free_.clear();
}

ColumnBuilder::ColumnBuilder(const Field& field, uint64_t hash_buckets, int64_t capacity, size_t kept_blocks)
    : field_(field),
      hash_buckets_(hash_buckets),
      pool_(std::make_shared<BlockPool>(static_cast<size_t>(capacity) * TypeOf(field, hash_buckets).bytes, kept_blocks)),
      padded_default_(field.default_text) {
  // The numbers 0 and false where no default is given; but a label has to be given.
  if (padded_default_.empty() && field.type != FieldType::kString) padded_default_ = "0";
  default_size_ = padded_default_.size();
  padded_default_.resize(default_size_ + kPadding);
}

bool ColumnBuilder::Put(int64_t row, std::string_view text, bool ascii) {
  if (current_ == nullptr) current_ = std::make_unique<PooledBlock>(pool_);
  if (text.empty()) {
    text = std::string_view(padded_default_.data(), default_size_);
    // Defaults come from a config, which is text; they need not be looked at.
    ascii = true;
  }
  if (hash_buckets_ > 0) return PutHash(row, text, ascii);
  switch (field_.type) {
    case FieldType::kInt32: return ParseInt32(text, elements<int32_t>()[row]);
    case FieldType::kInt64: return ParseInt64(text, elements<int64_t>()[row]);
    case FieldType::kFloat32: return ParseFloat(text, elements<float>()[row]);
    case FieldType::kFloat64: return ParseDouble(text, elements<double>()[row]);
    case FieldType::kBool: return ParseBool(text, elements<uint8_t>()[row]);
    case FieldType::kString: break;
  }
  return IsAllowed(text) && PutString(row, text, ascii);
}

bool ColumnBuilder::IsAllowed(std::string_view text) const {
  double number = 0;
  return !field_.numeric || ParseDouble(text, number);
}

bool ColumnBuilder::PutString(int64_t row, std::string_view text, bool ascii) {
  if (row == last_row_) {
    current_->block->Rewind(last_mark_);
  } else {
    last_row_ = row;
    last_mark_ = current_->block->mark();
    bytes_before_ += last_bytes_;
  }
  last_bytes_ = text.size();
  if (bytes_before_ + text.size() > kMaxColumnBytes) throw ColumnTooLarge();
  PutText(current_->block->data() + static_cast<size_t>(row) * kStringBytes, text, *current_->block);
  return ascii || IsUtf8(text);
}

bool ColumnBuilder::PutHash(int64_t row, std::string_view text, bool ascii) {
  std::string canonical;
  if (field_.type != FieldType::kString) {
    // As TensorFlow's as_string writes it.
    int64_t number = 0;
    int32_t narrow = 0;
    const bool fits = field_.type == FieldType::kInt32 ? ParseInt32(text, narrow) : ParseInt64(text, number);
    if (!fits) return false;
    canonical = std::to_string(field_.type == FieldType::kInt32 ? narrow : number);
    text = canonical;
  } else if (!IsAllowed(text) || (!ascii && !IsUtf8(text))) {
    return false;
  }
  const auto id = static_cast<int64_t>(Fingerprint64(text) % hash_buckets_);
  elements<int64_t>()[row] = text.empty() ? -1 : id;
  return true;
}

char* ColumnBuilder::Elements() {
  if (current_ == nullptr) current_ = std::make_unique<PooledBlock>(pool_);
  return current_->block->data();
}

PooledBlock ColumnBuilder::Finish() {
  if (current_ == nullptr) current_ = std::make_unique<PooledBlock>(pool_);
  PooledBlock finished = std::move(*current_);
  current_.reset();
  last_row_ = -1;
  bytes_before_ = last_bytes_ = 0;
  return finished;
}

}  // namespace easyrec::reader
