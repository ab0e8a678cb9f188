// Writes the tensors of one table of a snapshot into a data file, some megabytes at a time.
#ifndef EASYREC_TABLE_SAVE_H_
#define EASYREC_TABLE_SAVE_H_

#include <atomic>
#include <cstdint>
#include <cstring>
#include <vector>

#include "row_list.h"
#include "snapshot.h"
#include "tensor_file.h"

namespace easyrec::embedding {

/** A tensor to write. */
struct SavedTensor {
  /** The numbers of the rows that are written. */
  static constexpr int kIds = -1;
  /** Of an unbounded table's rows: RowUse's count and step. */
  static constexpr int kCounts = -2;
  static constexpr int kSteps = -3;
  /** Of its keys without a row: the keys, RowUse's count and step. */
  static constexpr int kCountedKeys = -4;
  static constexpr int kCountedCounts = -5;
  static constexpr int kCountedSteps = -6;

  int table;
  /** Of the table, float32; or one of those above, int64. */
  int component;
  /** In the file, in bytes. */
  int64_t offset;
};

/** What came of it. */
struct SavedResult {
  /** Of the bytes, masked. */
  uint32_t crc = 0;
  int64_t rows = 0;
  /** Of the bytes of listed rows alone, masked. */
  uint32_t listed_crc = 0;
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

  /** Every row, as a variable has them. Rows that are not at their start are added to `touched`, if that is not null. */
  std::vector<SavedResult> WriteAll(const SavedWeights* earlier, RowListWriter* touched);
  /** Only rows that are not at their start, ascending. */
  std::vector<SavedResult> WriteTouched();
  /** All that is known of an unbounded table: a row of zeros with the key -1, its rows, and the keys without one; ascending. */
  std::vector<SavedResult> WriteKeys();
  /** Of one row of a tensor. */
  int64_t RowBytes(size_t tensor) const { return static_cast<int64_t>(columns_[tensor].width * sizeof(float)); }

 private:
  /** A tensor and its part of the rows at hand. */
  struct Column {
    int component;
    /** Of its first float in a record. */
    size_t offset;
    /** Floats a row; as many as fill an int64 where the component is below 0. */
    size_t width;
    std::vector<float> values;
    TensorWriter writer;
    int64_t written = 0;
    uint32_t listed_crc = 0;

    bool is_counted() const { return component <= SavedTensor::kCountedKeys; }
    void SetNumber(size_t place, int64_t number) { std::memcpy(&values[place * width], &number, sizeof(number)); }
  };

  bool IsIntact(const SavedWeights& earlier) const;
  void SetUntouched(int64_t row, size_t at, bool weights_known);
  bool IsAtStart(int64_t row, const float* record);
  /** Sets a row of the columns of rows; a null record stands for zeros. */
  void SetKey(size_t place, int64_t id, const float* record);
  /** Writes what the columns hold, those of rows or those of keys without a row. */
  void Append(size_t rows, bool counted = false);
  std::vector<SavedResult> Results() const;

  Snapshot& snapshot_;
  const Table& table_;
  int index_;
  const std::atomic<bool>& stopped_;
  std::vector<Column> columns_;
  size_t record_floats_;
  /** Rows of one go. */
  int64_t chunk_;
  std::vector<float> records_;
  /** A record of a row that is at its start, but for the weights. */
  std::vector<float> start_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_TABLE_SAVE_H_
