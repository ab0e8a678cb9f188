#include "batch_reader.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>

namespace easyrec::reader {
namespace {

constexpr size_t kBlocks = 4;
/** As in bad_rows.ts. */
constexpr size_t kMessagesKept = 5;

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

Problem ProblemOf(ProblemKind kind) {
  Problem problem;
  problem.kind = kind;
  return problem;
}

}  // namespace

BatchReader::BatchReader(Plan plan)
    : plan_(std::move(plan)),
      last_pass_(plan_.epochs == 0 ? INT64_MAX : plan_.epochs - 1),
      parser_(plan_),
      blocks_(kBlocks),
      layouts_(plan_.paths.size()),
      headers_(plan_.paths.size()) {
  if (!plan_.with_header) std::fill(layouts_.begin(), layouts_.end(), parser_.PlainLayout());
  parsing_ = std::thread([this] { ParseRows(); });
}

BatchReader::~BatchReader() {
  Stop();
  parsing_.join();
  for (const auto& builder : parser_.builders()) builder->pool()->Close();
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
  blocks_.Stop();
}

// The splitting thread.

void BatchReader::SplitRows() {
  std::unique_ptr<RowBlock> block = blocks_.TakeEmpty();
  if (block == nullptr) return;
  std::unique_ptr<Problem> problem = Attempt([&] { SplitAll(block); });
  if (block == nullptr) return;
  block->problem = std::move(problem);
  block->last = true;
  blocks_.GiveFull(std::move(block));
}

/** Hands over all blocks but the last; leaves null when stopped. */
void BatchReader::SplitAll(std::unique_ptr<RowBlock>& block) {
  const auto hand_over = [&] {
    blocks_.GiveFull(std::move(block));
    block = blocks_.TakeEmpty();
    return block != nullptr;
  };
  // Headers come during calls of the cursor, before the row that follows them.
  header_sink_ = [&](int file, std::string_view header) {
    block->Add({0, 0, 1, 0, file, Item::Kind::kHeader}, header);
  };
  int64_t rows_of_pass = 0;
  for (;;) {
    if (rows_->Advance()) {
      rows_of_pass++;
      block->Add({0, 0, rows_->line, rows_->ConsumedBytes(), rows_->file, Item::Kind::kRow}, rows_->row);
      if (block->IsFull() && !hand_over()) return;
    } else if (!rows_->Load()) {
      block->Add({0, 0, 0, 0, 0, Item::Kind::kEndOfPass}, {});
      if (split_pass_ == last_pass_) return;
      // The parser ends all when a pass had no rows: it is not to be kept waiting.
      if (rows_of_pass == 0 && !hand_over()) return;
      rows_of_pass = 0;
      OpenRows(++split_pass_);
    }
    if (stopped_) {
      block.reset();
      return;
    }
  }
}

// The parsing thread.

void BatchReader::ParseRows() {
  bool stopped = false;
  std::unique_ptr<Problem> problem = Attempt([&] {
    header_sink_ = [this](int file, std::string_view header) { TakeHeader(file, header); };
    OpenRows(pass_);
    stopped = !Resume();
    if (stopped || state_ == State::kOver) return;
    splitting_ = std::thread([this] { SplitRows(); });
    stopped = !ParseAll();
  });
  if (splitting_.joinable()) {
    // Only a reader that is over or stopped gets here: no row of the other thread's is wanted any more.
    blocks_.Stop();
    splitting_.join();
  }
  if (!stopped) Deliver(std::move(problem));
}

/** Passes over the rows that an earlier run delivered. Nothing is parsed unless bad rows may be among them. */
bool BatchReader::Resume() {
  int64_t remaining = plan_.position;
  while (remaining > 0 && state_ == State::kReading) {
    if (stopped_) return false;
    if (rows_->Advance()) {
      if (plan_.max_skipped == kFailOnBadRow) {
        usable_in_pass_++;
        remaining--;
      } else {
        // What stands behind the row in the cursor's memory cannot always be read.
        padded_row_.assign(rows_->row.begin(), rows_->row.end());
        padded_row_.resize(rows_->row.size() + kPadding);
        TakeRow(rows_->file, rows_->line, {padded_row_.data(), rows_->row.size()});
        remaining -= pending_;
        pending_ = 0;
      }
    } else if (!rows_->Load()) {
      LeapOverPasses(remaining);
    }
  }
  position_ = plan_.position - remaining;
  split_pass_ = pass_;
  return true;
}

/** After a pass was read to its end: goes on to the pass in which the remaining rows end. */
void BatchReader::LeapOverPasses(int64_t& remaining) {
  const int64_t per_pass = usable_in_pass_;
  const int64_t skipped_per_pass = skipped_ - skipped_before_pass_;
  BeginPass(pass_ + 1);
  const int64_t passes = std::min(remaining / per_pass, last_pass_ == INT64_MAX ? INT64_MAX : last_pass_ + 1 - pass_);
  if (state_ == State::kReading && passes > 0) {
    AddSkipped(passes * skipped_per_pass);
    usable_in_pass_ = per_pass;
    BeginPass(pass_ + passes);
    remaining -= passes * per_pass;
  }
  if (state_ == State::kReading) OpenRows(pass_);
}

bool BatchReader::ParseAll() {
  for (;;) {
    std::unique_ptr<RowBlock> block = blocks_.TakeFull();
    if (block == nullptr || !ParseBlock(*block)) return false;
    if (block->problem != nullptr) throw Problem(*block->problem);
    if (block->last) return true;
    blocks_.GiveEmpty(std::move(block));
  }
}

bool BatchReader::ParseBlock(const RowBlock& block) {
  for (const Item& item : block.items) {
    switch (item.kind) {
      case Item::Kind::kHeader:
        TakeHeader(item.file, block.Text(item));
        break;
      case Item::Kind::kEndOfPass:
        BeginPass(pass_ + 1);
        break;
      case Item::Kind::kRow:
        if (!TakeRow(item.file, item.line, block.Text(item))) break;
        if (pending_ < plan_.batch_size) break;
        Measure(item.consumed);
        if (!Deliver(nullptr)) return false;
        break;
    }
  }
  return !stopped_;
}

void BatchReader::TakeHeader(int file, std::string_view header) {
  const auto index = static_cast<size_t>(file);
  headers_[index] = std::string(header);
  if (parser_.HeaderLayout(header, layouts_[index])) return;
  Problem problem = ProblemOf(ProblemKind::kHeader);
  problem.file = file;
  problem.text = headers_[index];
  throw problem;
}

bool BatchReader::TakeRow(int file, int64_t line, std::string_view row) {
  const auto index = static_cast<size_t>(file);
  if (parser_.Parse(layouts_[index], pending_, row)) {
    pending_++;
    usable_in_pass_++;
    return true;
  }
  const bool fails = plan_.max_skipped == kFailOnBadRow;
  if (fails || messages_ < kMessagesKept) bad_rows_.push_back({file, line, std::string(row), headers_[index]});
  messages_++;
  AddSkipped(1);
  return false;
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
  if (pass > last_pass_) state_ = State::kOver;
}

void BatchReader::OpenRows(int64_t pass) {
  HeaderHandler on_header;
  if (plan_.with_header) on_header = [this](int file, std::string_view header) { header_sink_(file, header); };
  rows_ = OpenPass(plan_, pass, on_header);
}

/** Brings the share that is done up to date; what compressed files say of theirs may go back a little. */
void BatchReader::Measure(double consumed) {
  if (plan_.epochs == 0 || plan_.total_bytes == 0) return;
  const double of_pass = state_ == State::kOver ? 0 : std::min(consumed / plan_.total_bytes, 1.0);
  const double done = (static_cast<double>(pass_) + of_pass) / static_cast<double>(plan_.epochs);
  fraction_ = std::max(fraction_, std::min(done, 1.0));
}

/** The rows so far as a batch; then, where reading is over, an empty batch with the reason. */
bool BatchReader::Deliver(std::unique_ptr<Problem> problem) {
  const auto put = [&](std::unique_ptr<Batch> batch) {
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
  };
  const bool over = problem != nullptr || pending_ < plan_.batch_size;
  // As the plain reader, a reader that fails drops the rows of the batch that it was filling.
  if (problem == nullptr && over) Measure(0);
  if (problem == nullptr && pending_ > 0) {
    auto batch = std::make_unique<Batch>();
    batch->rows = pending_;
    for (const auto& builder : parser_.builders()) batch->columns.push_back(builder->Finish());
    position_ += pending_;
    pending_ = 0;
    if (!put(std::move(batch))) return false;
  }
  if (!over) return true;
  auto end = std::make_unique<Batch>();
  end->problem = std::move(problem);
  return put(std::move(end));
}

}  // namespace easyrec::reader
