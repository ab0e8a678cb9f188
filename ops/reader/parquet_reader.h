// Parquet files, which DuckDB unpacks on threads of its own; the reader's own makes batches of the rows.
#ifndef EASYREC_READER_PARQUET_READER_H_
#define EASYREC_READER_PARQUET_READER_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "batch_reader.h"
#include "duckdb_library.h"
#include "parquet_columns.h"
#include "random.h"

namespace easyrec::reader {

/** Rows that wait to be drawn, or to be copied into a batch. */
struct WaitingRow {
  std::shared_ptr<ParquetRows> rows;
  int64_t index;
};

class ParquetReader : public BatchReader {
 public:
  explicit ParquetReader(Plan plan);
  ~ParquetReader() override;

 protected:
  bool ReadAll() override;
  void OnStop() override;

 private:
  /** Those that return bool are false when stopped. */
  bool ReadPass();
  bool ReadFile(int32_t file);
  bool TakeRows(std::shared_ptr<ParquetRows> rows);
  bool TakeRow(const std::shared_ptr<ParquetRows>& rows, int64_t index);
  bool DrawRow();
  bool FlushRows();
  void SkipPasses(int64_t rows_of_pass, int64_t skipped_of_pass);
  void PackWaiting();
  int64_t RowsOf(int32_t file);
  /** What `body` throws, as a Problem with the file. */
  template <typename Body>
  void OfFile(int32_t file, Body body);

  ParquetParser parser_;
  std::mutex connection_mutex_;
  std::unique_ptr<DuckConnection> connection_;
  /** By file, once known. */
  std::vector<int64_t> rows_of_file_;

  /** Of the rows that an earlier run delivered, those still to come. */
  int64_t to_skip_ = 0;
  Random random_;
  std::vector<WaitingRow> waiting_;
  /** Rows in memory for the sake of those that wait. */
  std::shared_ptr<int64_t> held_ = std::make_shared<int64_t>(0);
  BatchColumns packing_;
  /** Of the batch, not copied yet. */
  std::vector<WaitingRow> chosen_;
  double taken_of_pass_ = 0;
  double bytes_before_ = 0;
  double bytes_of_file_ = 0;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_PARQUET_READER_H_
