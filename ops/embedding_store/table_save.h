// Writes the tensors of one table of a snapshot into a data file, some megabytes at a time.
#ifndef EASYREC_TABLE_SAVE_H_
#define EASYREC_TABLE_SAVE_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "snapshot.h"
#include "tensor_file.h"

namespace easyrec::embedding {

/** A tensor to write. */
struct SavedTensor {
  static constexpr int kIds = -1;

  int table;
  /** Of the table; kIds: the numbers of the rows that are written, int64. */
  int component;
  /** In the file, in bytes. */
  int64_t offset;
};

/** What came of it. */
struct SavedResult {
  /** Of the bytes, masked. */
  uint32_t crc = 0;
  int64_t rows = 0;
};

/** Where an earlier save of the same store has the weights of a table: rows not in memory are as they are there. */
struct SavedWeights {
  const File* file;
  int64_t offset;
  /** Masked. */
  uint32_t crc;
};

class TableSave {
 public:
  /** `tensors` are all of one table. Gives up, with no result of use, once `stopped`. */
  TableSave(Snapshot& snapshot, const File& file, const std::vector<SavedTensor>& tensors,
            const std::atomic<bool>& stopped);

  /** Every row, as a variable has them. */
  std::vector<SavedResult> WriteAll(const SavedWeights* earlier);
  /** Only rows that are not at their start, ascending. */
  std::vector<SavedResult> WriteTouched();
  /** Of one row of a tensor. */
  int64_t RowBytes(size_t tensor) const { return static_cast<int64_t>(columns_[tensor].width * sizeof(float)); }

 private:
  /** A tensor and its part of the rows at hand. */
  struct Column {
    int component;
    /** Of its first float in a record. */
    size_t offset;
    /** Floats a row; of ids as many as fill an int64. */
    size_t width;
    std::vector<float> values;
    TensorWriter writer;
  };

  bool IsIntact(const SavedWeights& earlier) const;
  void SetUntouched(int64_t row, size_t at, bool weights_known);
  bool IsAtStart(int64_t row, const float* record);
  void Append(size_t rows);
  std::vector<SavedResult> Results() const;

  Snapshot& snapshot_;
  const Table& table_;
  int index_;
  const std::atomic<bool>& stopped_;
  std::vector<Column> columns_;
  size_t record_width_;
  /** Rows of one go. */
  int64_t chunk_;
  std::vector<float> records_;
  /** A record of a row that is at its start, but for the weights. */
  std::vector<float> start_;
  int64_t written_ = 0;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_TABLE_SAVE_H_
