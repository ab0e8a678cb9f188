#include "row_list.h"

#include "easyrec/status.h"

namespace easyrec::embedding {

namespace {

constexpr int kBits = 7;
constexpr uint8_t kMore = 1 << kBits;

}  // namespace

void RowListWriter::Add(int64_t row) {
  uint64_t distance = static_cast<uint64_t>(row - last_ - 1);
  for (; distance >= kMore; distance >>= kBits) bytes_.push_back(static_cast<uint8_t>(distance) | kMore);
  bytes_.push_back(static_cast<uint8_t>(distance));
  last_ = row;
}

int64_t RowListReader::Take(int64_t rows) {
  uint64_t distance = 0;
  for (int shift = 0;; shift += kBits) {
    if (next_ == bytes_.size() || shift >= 63) throw InvalidArgument("a list of rows is damaged");
    const uint8_t byte = bytes_[next_++];
    distance |= static_cast<uint64_t>(byte & (kMore - 1)) << shift;
    if ((byte & kMore) == 0) break;
  }
  if (distance >= static_cast<uint64_t>(rows - last_ - 1)) throw InvalidArgument("a list of rows is damaged");
  last_ += 1 + static_cast<int64_t>(distance);
  return last_;
}

}  // namespace easyrec::embedding
