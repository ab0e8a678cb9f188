#include "parquet_reader.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "rows.h"

namespace easyrec::reader {
namespace {

/** Rows of a DuckDB chunk at most. */
constexpr int64_t kChunkRows = 2048;
/** Rows that are copied into the batch together. */
constexpr size_t kChosenRows = 1024;

/** A path as SQL text that stands for this file alone. */
std::string Quoted(const std::string& path) {
  std::string quoted = "'";
  for (const char c : path) {
    if (c == '\'') {
      quoted += "''";
    } else if (c == '*' || c == '?' || c == '[') {
      quoted += std::string("[") + c + "]";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string Table(const std::string& path) {
  return "read_parquet(" + Quoted(path) + ", hive_partitioning = false)";
}

Plan PackingPlan(const Plan& plan) {
  Plan packing = plan;
  packing.batch_size = kChunkRows;
  return packing;
}

}  // namespace

ParquetReader::ParquetReader(Plan plan)
    : BatchReader(std::move(plan)),
      parser_(plan_, kChunkRows, 4),
      rows_of_file_(plan_.paths.size(), -1),
      random_(RowRandom(plan_, 0)),
      packing_(PackingPlan(plan_)) {
  Start();
}

ParquetReader::~ParquetReader() {
  Stop();
  Join();
}

void ParquetReader::OnStop() {
  const std::lock_guard<std::mutex> lock(connection_mutex_);
  if (connection_ != nullptr) connection_->Interrupt();
}

template <typename Body>
void ParquetReader::OfFile(int32_t file, Body body) {
  try {
    body();
  } catch (const std::runtime_error& error) {
    Problem problem;
    problem.kind = ProblemKind::kQuery;
    problem.file = file;
    problem.text = error.what();
    throw problem;
  }
}

bool ParquetReader::ReadAll() {
  const DuckLibrary& library = DuckLibrary::Load(plan_.duckdb);
  {
    const std::lock_guard<std::mutex> lock(connection_mutex_);
    // This thread is one of those that it counts.
    connection_ = std::make_unique<DuckConnection>(library, plan_.threads);
  }
  to_skip_ = plan_.position;
  if (to_skip_ > 0 && plan_.max_skipped == kFailOnBadRow) {
    int64_t rows_of_pass = 0;
    for (size_t file = 0; file < plan_.paths.size(); file++) rows_of_pass += RowsOf(static_cast<int32_t>(file));
    SkipPasses(rows_of_pass, 0);
  }
  while (!is_over()) {
    if (!ReadPass()) return false;
    const int64_t rows_of_pass = usable_in_pass_;
    const int64_t skipped_of_pass = skipped_ - skipped_before_pass_;
    BeginPass(pass_ + 1);
    SkipPasses(rows_of_pass, skipped_of_pass);
  }
  return FlushRows();
}

/** At the start of a pass: goes on to the pass in which the rows to skip end. */
void ParquetReader::SkipPasses(int64_t rows_of_pass, int64_t skipped_of_pass) {
  if (to_skip_ > 0) Leap(rows_of_pass, skipped_of_pass, to_skip_);
  position_ = std::max(position_, plan_.position - to_skip_);
}

bool ParquetReader::ReadPass() {
  random_ = RowRandom(plan_, pass_);
  taken_of_pass_ = bytes_before_ = bytes_of_file_ = 0;
  for (const int file : FileOrder(plan_, pass_)) {
    bool goes_on = false;
    OfFile(file, [&] { goes_on = ReadFile(file); });
    if (!goes_on) return false;
    bytes_before_ += bytes_of_file_;
    bytes_of_file_ = 0;
  }
  while (!waiting_.empty()) {
    if (!DrawRow()) return false;
  }
  return !stopped_;
}

int64_t ParquetReader::RowsOf(int32_t file) {
  int64_t& rows = rows_of_file_[static_cast<size_t>(file)];
  if (rows >= 0) return rows;
  OfFile(file, [&] {
    const std::string& path = plan_.paths[static_cast<size_t>(file)];
    const std::string sql = "SELECT CAST(num_rows AS VARCHAR) FROM parquet_file_metadata(" + Quoted(path) + ")";
    rows = std::stoll(connection_->Texts(sql, 1).at(0).at(0));
  });
  return rows;
}

bool ParquetReader::ReadFile(int32_t file) {
  const std::string& path = plan_.paths[static_cast<size_t>(file)];
  const int64_t rows_of_file = RowsOf(file);
  const auto file_bytes = static_cast<double>(std::filesystem::file_size(path));
  int64_t next_row = 0;
  if (to_skip_ > 0 && plan_.max_skipped == kFailOnBadRow && plan_.shuffle_rows == 0) {
    next_row = std::min(to_skip_, rows_of_file);
    to_skip_ -= next_row;
    usable_in_pass_ += next_row;
    position_ = plan_.position - to_skip_;
  }
  if (next_row == rows_of_file) {
    bytes_of_file_ = file_bytes;
    return !stopped_;
  }
  std::vector<ParquetColumn> columns;
  for (std::vector<std::string>& row : connection_->Texts("DESCRIBE SELECT * FROM " + Table(path), 2)) {
    columns.push_back({std::move(row[0]), std::move(row[1])});
  }
  parser_.Open(file, columns);
  std::string sql = "SELECT " + parser_.selection() + " FROM " + Table(path);
  if (next_row > 0) sql += " WHERE file_row_number >= " + std::to_string(next_row);
  const std::unique_ptr<DuckQuery> query = connection_->Run(sql);
  while (const std::unique_ptr<DuckChunk> chunk = query->Next()) {
    if (stopped_) return false;
    auto* rows = parser_.Parse(*chunk, next_row + 1).release();
    const auto let_go = [held = held_](ParquetRows* used) {
      *held -= used->count;
      delete used;
    };
    *held_ += rows->count;
    next_row += rows->count;
    bytes_of_file_ = file_bytes * static_cast<double>(next_row) / static_cast<double>(rows_of_file);
    if (!TakeRows(std::shared_ptr<ParquetRows>(rows, let_go))) return false;
  }
  return true;
}

bool ParquetReader::TakeRows(std::shared_ptr<ParquetRows> rows) {
  for (int64_t index = 0; index < rows->count; index++) {
    if (plan_.shuffle_rows == 0) {
      if (!TakeRow(rows, index)) return false;
      continue;
    }
    waiting_.push_back({rows, index});
    taken_of_pass_++;
    if (static_cast<int64_t>(waiting_.size()) == plan_.shuffle_rows && !DrawRow()) return false;
  }
  rows.reset();
  if (*held_ > 2 * static_cast<int64_t>(waiting_.size() + chosen_.size()) + 8 * kChunkRows) {
    if (!FlushRows()) return false;
    PackWaiting();
  }
  return true;
}

/** As `ShuffleCursor` draws. */
bool ParquetReader::DrawRow() {
  const size_t slot = random_.Below(waiting_.size());
  const WaitingRow drawn = std::move(waiting_[slot]);
  if (slot + 1 != waiting_.size()) waiting_[slot] = std::move(waiting_.back());
  waiting_.pop_back();
  return TakeRow(drawn.rows, drawn.index);
}

bool ParquetReader::TakeRow(const std::shared_ptr<ParquetRows>& rows, int64_t index) {
  const auto bad = rows->bad.empty() ? rows->bad.end() : rows->bad.find(index);
  const bool is_bad = bad != rows->bad.end();
  if (to_skip_ > 0 && (!is_bad || plan_.max_skipped == kFailOnBadRow)) {
    to_skip_--;
    usable_in_pass_++;
    position_ = plan_.position - to_skip_;
    return true;
  }
  if (is_bad) {
    AddBadRow(bad->second);
    return true;
  }
  chosen_.push_back({rows, index});
  const bool is_full = CountRow();
  if (!is_full) return chosen_.size() < kChosenRows || FlushRows();
  if (!FlushRows()) return false;
  const double waiting = taken_of_pass_ == 0 ? 0 : static_cast<double>(waiting_.size()) / taken_of_pass_;
  Measure((bytes_before_ + bytes_of_file_) * (1 - waiting));
  return Deliver();
}

/** Copies the chosen rows, neighbours together. */
bool ParquetReader::FlushRows() {
  for (size_t first = 0; first < chosen_.size();) {
    size_t next = first + 1;
    while (next < chosen_.size() && chosen_[next].rows == chosen_[first].rows &&
           chosen_[next].index == chosen_[next - 1].index + 1) {
      next++;
    }
    columns_.Append(chosen_[first].rows->columns, chosen_[first].index, static_cast<int64_t>(next - first));
    first = next;
  }
  chosen_.clear();
  return !stopped_;
}

/** Puts the waiting rows together, so that those that are gone take up no memory. */
void ParquetReader::PackWaiting() {
  for (size_t first = 0; first < waiting_.size(); first += static_cast<size_t>(kChunkRows)) {
    const size_t end = std::min(waiting_.size(), first + static_cast<size_t>(kChunkRows));
    auto* packed = new ParquetRows;
    *held_ += static_cast<int64_t>(end - first);
    const std::shared_ptr<ParquetRows> owned(packed, [held = held_](ParquetRows* used) {
      *held -= used->count;
      delete used;
    });
    packed->count = static_cast<int64_t>(end - first);
    for (size_t i = first; i < end; i++) {
      const WaitingRow& row = waiting_[i];
      const auto index = static_cast<int64_t>(i - first);
      packing_.Append(row.rows->columns, row.index, 1);
      const auto bad = row.rows->bad.find(row.index);
      if (bad != row.rows->bad.end()) packed->bad.emplace(index, bad->second);
    }
    packed->columns = packing_.Finish();
    for (size_t i = first; i < end; i++) waiting_[i] = {owned, static_cast<int64_t>(i - first)};
  }
}

}  // namespace easyrec::reader
