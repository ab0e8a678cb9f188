// Ascending row numbers, some of a table, in a byte or two each: the distance from the row before, less one, seven bits
// a byte, the low ones first; all bytes of a number but the last have their highest bit set.
#ifndef EASYREC_ROW_LIST_H_
#define EASYREC_ROW_LIST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace easyrec::embedding {

class RowListWriter {
 public:
  /** `row` is above all before. */
  void Add(int64_t row);

  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
  int64_t last_ = -1;
};

class RowListReader {
 public:
  /** `bytes` outlives this. */
  explicit RowListReader(const std::vector<uint8_t>& bytes) : bytes_(bytes) {}

  bool is_at_end() const { return next_ == bytes_.size(); }
  /** The next row; throws where the bytes are no list of rows below `rows`. */
  int64_t Take(int64_t rows);

 private:
  const std::vector<uint8_t>& bytes_;
  size_t next_ = 0;
  int64_t last_ = -1;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_ROW_LIST_H_
