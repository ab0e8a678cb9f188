// Rows of Parquet files into columns.
#ifndef EASYREC_READER_PARQUET_COLUMNS_H_
#define EASYREC_READER_PARQUET_COLUMNS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "column.h"
#include "duckdb_library.h"
#include "plan.h"
#include "problem.h"

namespace easyrec::reader {

/** A column of a file: its name, and its type as DuckDB writes it. */
struct ParquetColumn {
  std::string name;
  std::string type;
};

/** Rows in the form of batches. */
struct ParquetRows {
  int64_t count = 0;
  /** In the order of `ColumnTypes`; of a bad row, they hold something without meaning. */
  std::vector<PooledBlock> columns;
  std::map<int64_t, BadRow> bad;
};

class ParquetParser {
 public:
  /** For up to `capacity` rows at a time; of each column's blocks `kept_blocks` may wait. */
  ParquetParser(const Plan& plan, int64_t capacity, size_t kept_blocks);
  ~ParquetParser();

  /** Begins with file number `file`, which has these columns. Throws Problem when they are not those of the plan. */
  void Open(int32_t file, const std::vector<ParquetColumn>& columns);

  /** What a SELECT of the opened file lists, for `Parse`. */
  const std::string& selection() const { return selection_; }

  /** `first_row` is the number of the first row in its file, from 1. */
  std::unique_ptr<ParquetRows> Parse(const DuckChunk& chunk, int64_t first_row);

 private:
  enum class Type : uint8_t {
    kBool,
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kUint8,
    kUint16,
    kUint32,
    kUint64,
    kFloat,
    kDouble,
    kText,
    kOther
  };
  /** A column that is read. */
  struct Source {
    size_t field;
    Type type = Type::kOther;
    bool is_list = false;
    /** Whether DuckDB has seen to it that it is UTF-8. */
    bool is_utf8 = false;
  };
  /** A column that is made. */
  struct Made {
    size_t source;
    std::unique_ptr<ColumnBuilder> builder;
    ElementType type;
    bool is_hashed;
  };
  struct Cells;

  static Type TypeNamed(std::string_view name);
  static bool Suits(const Field& field, const Source& source);
  std::string Describe(Source& source, const ParquetColumn& column) const;
  void ParseColumn(Made& made, const Cells& cells);
  template <typename T>
  void ParseNumbers(Made& made, const Cells& cells);
  void ParseTexts(Made& made, const Cells& cells);
  bool JoinList(const Cells& cells, const DuckList& list, std::string_view& why);
  /** The text of a value; may lie in `scratch_`. */
  std::string_view TextOfValue(const Source& source, const DuckVector& values, uint64_t i);
  void Refuse(const Cells& cells, int64_t row, std::string_view text, std::string_view why);

  const Plan& plan_;
  std::vector<Source> sources_;
  std::vector<Made> made_;
  std::string selection_;
  int32_t file_ = 0;
  /** `kPadding` bytes behind a text in it can be read. */
  std::vector<char> scratch_;
  std::string joined_;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_PARQUET_COLUMNS_H_
