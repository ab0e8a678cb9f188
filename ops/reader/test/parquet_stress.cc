// Random Parquet files through the reader, for scripts/sanitize_reader: what stress.cc is for text files. DuckDB itself is
// not instrumented, so that only AddressSanitizer has something to say.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "../fingerprint.h"
#include "../parquet_reader.h"

namespace {

using easyrec::reader::Batch;
using easyrec::reader::DuckConnection;
using easyrec::reader::DuckLibrary;
using easyrec::reader::Field;
using easyrec::reader::FieldType;
using easyrec::reader::ParquetReader;
using easyrec::reader::Plan;

/** Texts of all lengths, lists, numbers that do not all fit an INT32, and what is not there. */
const char* const kSelect = R"(SELECT
  CASE WHEN hash(i) % 5 = 0 THEN NULL ELSE repeat('x', (hash(i, 1) % 40)::BIGINT) END AS t,
  CASE WHEN hash(i, 2) % 9 = 0 THEN NULL
       ELSE list_transform(range((hash(i, 3) % 5)::BIGINT), lambda k: k || '') END AS l,
  CASE WHEN hash(i, 4) % 300 = 0 THEN 3e9 ELSE i END AS d,
  hash(i, 5) AS u,
  '\xFF'::BLOB AS b
  FROM range()";

Plan RandomPlan(std::mt19937& dice, const std::string& path) {
  Plan plan;
  const auto add = [&](const char* name, FieldType type, const char* separator) {
    Field field;
    field.name = name;
    field.type = type;
    field.wanted = dice() % 4 != 0;
    field.list_separator = separator;
    if (type == FieldType::kString && dice() % 2 == 0) plan.hashed.push_back({plan.fields.size(), 1000});
    plan.fields.push_back(field);
  };
  add("t", FieldType::kString, "");
  add("l", FieldType::kString, "|");
  add("d", dice() % 2 == 0 ? FieldType::kInt32 : FieldType::kFloat32, "");
  add("u", FieldType::kString, "");
  if (dice() % 8 == 0) add("b", FieldType::kString, "");
  plan.paths = {path, path};
  plan.epochs = static_cast<int64_t>(dice() % 4);
  plan.shuffle_rows = dice() % 2 == 0 ? 0 : static_cast<int64_t>(1 + dice() % 3000);
  plan.position = dice() % 2 == 0 ? 0 : static_cast<int64_t>(dice() % 20000);
  plan.max_skipped = dice() % 3 == 0 ? easyrec::reader::kFailOnBadRow : INT64_MAX;
  plan.total_bytes = 1000;
  return plan;
}

/** Fingerprint of the first rows and of how they end. */
uint64_t ReadAll(ParquetReader& reader, int64_t max_rows) {
  uint64_t sum = 0;
  for (int64_t rows = 0; rows < max_rows;) {
    const std::unique_ptr<Batch> batch = reader.Next();
    if (batch == nullptr) {
      reader.Wait(50);
      continue;
    }
    if (batch->rows == 0) return sum ^ (batch->problem == nullptr ? 1 : 2 + static_cast<uint64_t>(batch->problem->kind));
    for (int64_t row = 0; row < batch->rows && rows < max_rows; row++, rows++) {
      for (size_t i = 0; i < batch->columns.size(); i++) {
        const easyrec::reader::ElementType& type = reader.types()[i];
        const char* element = batch->columns[i].block->data() + static_cast<size_t>(row) * type.bytes;
        const bool is_text = type.dtype == easyrec::reader::kStringType;
        const std::string_view value = is_text ? easyrec::reader::TextOf(element) : std::string_view(element, type.bytes);
        sum = sum * 31 + easyrec::reader::Fingerprint64(value);
      }
    }
  }
  return sum;
}

}  // namespace

/** parquet_stress CASES FILE LIBDUCKDB: the file is written anew for each case, and removed. */
int main(int argc, char** argv) {
  const unsigned cases = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 100;
  const std::string path = argc > 2 ? argv[2] : "stress.parquet";
  const std::string duckdb = argc > 3 ? argv[3] : "libduckdb.so";
  for (unsigned seed = 0; seed < cases; seed++) {
    std::mt19937 dice(seed);
    const std::string rows = std::to_string(dice() % 9000);
    DuckConnection(DuckLibrary::Load(duckdb), 1)
        .Texts("COPY (" + (kSelect + rows) + ") AS r(i)) TO '" + path + "' (FORMAT parquet, ROW_GROUP_SIZE 2048)", 0);
    Plan plan = RandomPlan(dice, path);
    plan.duckdb = duckdb;
    uint64_t sums[2];
    for (uint64_t& sum : sums) {
      plan.batch_size = static_cast<int64_t>(1 + dice() % 700);
      plan.prefetch = static_cast<int64_t>(1 + dice() % 3);
      plan.threads = static_cast<int64_t>(1 + dice() % 3);
      ParquetReader reader(plan);
      sum = ReadAll(reader, 15000);
    }
    // A reader that fails drops the batch it was filling.
    if (plan.max_skipped == INT64_MAX && sums[0] != sums[1]) {
      std::fprintf(stderr, "case %u: the rows depend on the size of the batches or the threads\n", seed);
      return 1;
    }
    ParquetReader closed_at_once(plan);
  }
  std::remove(path.c_str());
  std::printf("%u cases of Parquet files\n", cases);
  return 0;
}
