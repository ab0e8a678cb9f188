// What to read and how, as the JavaScript side has checked it.
#ifndef EASYREC_READER_PLAN_H_
#define EASYREC_READER_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace easyrec::reader {

/** Element types of columns; the numbers are those of plan_bytes.ts. */
enum class FieldType : uint8_t { kInt32 = 0, kInt64 = 1, kFloat32 = 2, kFloat64 = 3, kBool = 4, kString = 5 };

struct Field {
  std::string name;
  FieldType type = FieldType::kString;
  /** Whether batches carry the field. */
  bool wanted = false;
  /** Whether a string must spell a number. */
  bool numeric = false;
  /** What an empty field stands for; fits the type. */
  std::string default_text;
  /** Characters of which any separates the parts of a text, where lists become such texts; else empty. */
  std::string list_separator;
};

/** A column of ids made of a field's text: Fingerprint64 mod `buckets`, -1 for an empty text. */
struct HashedColumn {
  size_t field = 0;
  uint64_t buckets = 1;
};

/** `Plan::max_skipped`: the first row that does not fit ends reading. */
constexpr int64_t kFailOnBadRow = -1;

struct Plan {
  std::vector<std::string> paths;
  std::vector<Field> fields;
  std::vector<HashedColumn> hashed;
  char separator = ',';
  bool with_header = false;
  int64_t batch_size = 1;
  /** 0 repeats endlessly. */
  int64_t epochs = 1;
  /** Rows among which the next is drawn; 0 keeps the order of the files. */
  int64_t shuffle_rows = 0;
  int32_t seed = 0;
  /** Rows delivered by an earlier run. */
  int64_t position = 0;
  int64_t max_skipped = kFailOnBadRow;
  /** Batches that may wait. */
  int64_t prefetch = 1;
  /** Threads that parse. */
  int64_t threads = 1;
  /** Whether the last rows are left out where they do not fill a batch. */
  bool drop_remainder = false;
  /** Of Parquet files: DuckDB's library. Empty for text files. */
  std::string duckdb;
  /** Size of all files on disk. */
  double total_bytes = 0;
};

/** Reads what plan_bytes.ts wrote; throws std::runtime_error if it is something else. */
Plan DecodePlan(const uint8_t* bytes, size_t size);

}  // namespace easyrec::reader

#endif  // EASYREC_READER_PLAN_H_
