// Rows into columns: which rows fit is decided here, why one does not by easyrec/input/csv/row_parser.ts.
#ifndef EASYREC_READER_ROW_PARSER_H_
#define EASYREC_READER_ROW_PARSER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "column.h"
#include "plan.h"

namespace easyrec::reader {

/** The columns of a file: how many there are, and what is made of them, in file order. */
struct FileLayout {
  struct Wanted {
    size_t column;
    /** Among the builders of a parser. */
    size_t builder;
  };
  size_t columns = 0;
  std::vector<Wanted> wanted;
  /** The header line; empty without headers. */
  std::string header;
};

/**
 * Parses rows into column builders. A field that begins with a quote runs to its closing quote, two quotes standing for
 * one; a quote within any other field is an error.
 */
class RowParser {
 public:
  /** For up to `capacity` rows at a time; of each column's blocks `kept_blocks` may wait. */
  RowParser(const Plan& plan, int64_t capacity, size_t kept_blocks);
  ~RowParser();

  /** The layout of files without header. */
  FileLayout PlainLayout() const;

  /** The layout that a header line gives; false when a field is not in it, or twice. */
  bool HeaderLayout(std::string_view header, FileLayout& layout);

  /** Sets row `row` of all columns; false if the text does not fit. `kPadding` bytes behind it can be read. */
  bool Parse(const FileLayout& layout, int64_t row, std::string_view text);

  /** Hands over the columns, in the order of `ColumnTypes`, and begins anew. */
  std::vector<PooledBlock> Finish();

 private:
  void AddWanted(size_t column, size_t field, FileLayout& layout) const;
  /** Finds the separators, in `separators_`; false when the row has quotes, or more fields than there are columns. */
  bool Split(std::string_view text, size_t columns);
  bool ParseQuoted(const FileLayout& layout, int64_t row, std::string_view text);
  /** Reads a quoted field at `start` into `unquoted_`; returns where its separator or the row's end is, or npos. */
  size_t ScanQuoted(std::string_view text, size_t start);

  const Plan& plan_;
  std::vector<std::unique_ptr<ColumnBuilder>> builders_;
  /** Their numbers by field: none where it is not wanted. */
  std::vector<std::vector<size_t>> builders_of_field_;
  std::vector<uint32_t> separators_;
  bool has_quotes_ = false;
  bool ascii_ = true;
  std::vector<char> unquoted_;
  size_t unquoted_size_ = 0;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_ROW_PARSER_H_
