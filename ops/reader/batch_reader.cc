#include "batch_reader.h"

#include <algorithm>
#include <chrono>

namespace easyrec::reader {
namespace {

/** As in bad_rows.ts. */
constexpr size_t kMessagesKept = 5;

Problem ProblemOf(ProblemKind kind) {
  Problem problem;
  problem.kind = kind;
  return problem;
}

}  // namespace

BatchReader::BatchReader(Plan plan)
    : plan_(std::move(plan)), last_pass_(plan_.epochs == 0 ? INT64_MAX : plan_.epochs - 1), columns_(plan_) {}

void BatchReader::Start() {
  thread_ = std::thread([this] { Run(); });
}

void BatchReader::Join() {
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<Batch> BatchReader::Next() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ready_.empty()) return nullptr;
  std::unique_ptr<Batch> batch = std::move(ready_.front());
  ready_.pop_front();
  room_changed_.notify_one();
  return batch;
}

bool BatchReader::Wait(int64_t milliseconds) {
  std::unique_lock<std::mutex> lock(mutex_);
  ready_changed_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                          [&] { return stopped_ || !ready_.empty(); });
  return !ready_.empty();
}

void BatchReader::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    ready_changed_.notify_all();
    room_changed_.notify_all();
  }
  OnStop();
}

/** After all batches, an empty one with the reason why there are no more. */
void BatchReader::Run() {
  bool stopped = false;
  auto end = std::make_unique<Batch>();
  end->problem = Attempt([&] { stopped = !ReadAll() || (pending_ > 0 && !plan_.drop_remainder && !Deliver()); });
  if (stopped) return;
  // As the plain reader, a reader that fails drops the rows of the batch that it was filling.
  if (end->problem == nullptr) Measure(0);
  Put(std::move(end));
}

bool BatchReader::CountRow() {
  usable_in_pass_++;
  return ++pending_ == plan_.batch_size;
}

bool BatchReader::KeepsBadRows() const { return plan_.max_skipped == kFailOnBadRow || messages_ < kMessagesKept; }

void BatchReader::AddBadRow(BadRow row) {
  if (KeepsBadRows()) bad_rows_.push_back(std::move(row));
  messages_++;
  AddSkipped(1);
}

void BatchReader::AddSkipped(int64_t count) {
  skipped_ += count;
  if (skipped_ > std::max<int64_t>(plan_.max_skipped, 0)) throw ProblemOf(ProblemKind::kBadRows);
}

void BatchReader::BeginPass(int64_t pass) {
  if (usable_in_pass_ == 0) throw ProblemOf(ProblemKind::kNoRows);
  pass_ = pass;
  usable_in_pass_ = 0;
  skipped_before_pass_ = skipped_;
}

void BatchReader::Leap(int64_t rows_of_pass, int64_t skipped_of_pass, int64_t& remaining) {
  if (is_over() || rows_of_pass == 0) return;
  const int64_t left = last_pass_ == INT64_MAX ? INT64_MAX : last_pass_ + 1 - pass_;
  const int64_t passes = std::min(remaining / rows_of_pass, left);
  if (passes <= 0) return;
  AddSkipped(passes * skipped_of_pass);
  usable_in_pass_ = rows_of_pass;
  BeginPass(pass_ + passes);
  remaining -= passes * rows_of_pass;
}

/** Brings the share that is done up to date; what compressed files say of theirs may go back a little. */
void BatchReader::Measure(double consumed) {
  if (plan_.epochs == 0 || plan_.total_bytes == 0) return;
  const double of_pass = is_over() ? 0 : std::min(consumed / plan_.total_bytes, 1.0);
  const double done = (static_cast<double>(pass_) + of_pass) / static_cast<double>(plan_.epochs);
  fraction_ = std::max(fraction_, std::min(done, 1.0));
}

bool BatchReader::Deliver() {
  if (is_over()) Measure(0);
  auto batch = std::make_unique<Batch>();
  batch->rows = pending_;
  batch->columns = columns_.Finish();
  position_ += pending_;
  pending_ = 0;
  return Put(std::move(batch));
}

bool BatchReader::Put(std::unique_ptr<Batch> batch) {
  batch->position = position_;
  batch->skipped = skipped_;
  batch->fraction = fraction_;
  batch->bad_rows = std::move(bad_rows_);
  bad_rows_.clear();
  std::unique_lock<std::mutex> lock(mutex_);
  room_changed_.wait(lock, [&] { return stopped_ || static_cast<int64_t>(ready_.size()) < plan_.prefetch; });
  if (stopped_) return false;
  ready_.push_back(std::move(batch));
  ready_changed_.notify_all();
  return true;
}

}  // namespace easyrec::reader
