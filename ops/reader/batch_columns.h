// The columns of the batch that is being filled.
#ifndef EASYREC_READER_BATCH_COLUMNS_H_
#define EASYREC_READER_BATCH_COLUMNS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "column.h"
#include "plan.h"

namespace easyrec::reader {

/** The types of a plan's columns: those of the wanted fields, in the order of the fields, then those of hashed ones. */
std::vector<ElementType> ColumnTypes(const Plan& plan);

class BatchColumns {
 public:
  explicit BatchColumns(const Plan& plan);
  ~BatchColumns();

  const std::vector<ElementType>& types() const { return types_; }
  int64_t rows() const { return rows_; }

  /** Copies rows `first .. first + count` of `columns`. Throws Problem when a column grows too large. */
  void Append(const std::vector<PooledBlock>& columns, int64_t first, int64_t count);

  /** Hands over the rows and begins anew. */
  std::vector<PooledBlock> Finish();

 private:
  void AppendTexts(size_t column, const char* from, int64_t count);

  const std::vector<ElementType> types_;
  std::vector<std::shared_ptr<BlockPool>> pools_;
  /** Empty without rows. */
  std::vector<PooledBlock> columns_;
  /** Of the texts of each column. */
  std::vector<size_t> text_bytes_;
  int64_t rows_ = 0;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_BATCH_COLUMNS_H_
