// Why reading ends early. The words for people are made on the JavaScript side, by the code of the plain reader.
#ifndef EASYREC_READER_PROBLEM_H_
#define EASYREC_READER_PROBLEM_H_

#include <cstdint>
#include <exception>
#include <memory>
#include <string>

namespace easyrec::reader {

/** The numbers are those of report.ts. */
enum class ProblemKind : int32_t {
  kOpen = 1,          // error_number
  kRead = 2,          // error_number
  kUnpack = 3,        // text: what zlib says
  kNotGzip = 4,       //
  kLongLine = 5,      // line
  kHeader = 6,        // text: the header line
  kBadRows = 7,       // the bad rows themselves tell
  kNoRows = 8,        //
  kColumnTooLarge = 9,
  kOther = 10,  // text: what a C++ library says
  // Of Parquet files:
  kColumns = 11,  // text: the field that does not fit, then name and type of each column, with NUL between
  kQuery = 12,    // text: what DuckDB says
};

/** Thrown on the reading threads, kept for the caller of the reader. */
struct Problem {
  ProblemKind kind = ProblemKind::kOther;
  int32_t file = 0;
  int64_t line = 0;
  int32_t error_number = 0;
  std::string text;
};

/** The problem of a column that would have more text than its offsets can count. */
inline Problem ColumnTooLarge() {
  Problem problem;
  problem.kind = ProblemKind::kColumnTooLarge;
  return problem;
}

/** Runs `body`; what it throws becomes a Problem. */
template <typename Body>
std::unique_ptr<Problem> Attempt(Body body) {
  Problem problem;
  try {
    body();
    return nullptr;
  } catch (const Problem& thrown) {
    problem = thrown;
  } catch (const std::exception& thrown) {
    problem.text = thrown.what();
  }
  return std::make_unique<Problem>(problem);
}

/** A row that did not fit, with what it takes to say why. */
struct BadRow {
  int32_t file = 0;
  /** Of Parquet files: the row, from 1. */
  int64_t line = 0;
  /** Of Parquet files: the value. */
  std::string text;
  /** The header line of its file; empty without headers. Of Parquet files: the field, NUL, and what is wrong with it. */
  std::string header;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_PROBLEM_H_
