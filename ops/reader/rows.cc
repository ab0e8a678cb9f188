#include "rows.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "problem.h"

namespace easyrec::reader {
namespace {

// Sizes as in line_cursor.ts: the share of the input that is done comes out the same then.
constexpr size_t kFirstBufferBytes = 1 << 18;
constexpr size_t kMaxLineBytes = 1 << 26;

/** Streams of the seed's random numbers, as in row_pass.ts. */
constexpr uint32_t kFileStream = 1;
constexpr uint32_t kRowStream = 2;

/** Returns the new end. */
size_t RemoveCarriageReturns(char* buffer, size_t from, size_t to) {
  const void* first = std::memchr(buffer + from, '\r', to - from);
  if (first == nullptr) return to;
  return static_cast<size_t>(std::remove(buffer + (static_cast<const char*>(first) - buffer), buffer + to, '\r') -
                             buffer);
}

}  // namespace

LineCursor::LineCursor(const std::vector<std::string>& paths, std::vector<int> order, HeaderHandler on_header)
    : paths_(paths), order_(std::move(order)), on_header_(std::move(on_header)), buffer_(kFirstBufferBytes) {}

bool LineCursor::Advance() {
  for (;;) {
    const void* newline =
        scanned_ < filled_ ? std::memchr(buffer_.data() + scanned_, '\n', filled_ - scanned_) : nullptr;
    const size_t p =
        newline == nullptr ? filled_ : static_cast<size_t>(static_cast<const char*>(newline) - buffer_.data());
    if (newline == nullptr && !(at_file_end_ && p > begin_)) {
      scanned_ = p;
      return false;
    }
    row = std::string_view(buffer_.data() + begin_, p - begin_);
    begin_ = scanned_ = std::min(p + 1, filled_);
    if (line++ == 0 && row.substr(0, 3) == "\xEF\xBB\xBF") row.remove_prefix(3);
    if (!header_pending_) return true;
    header_pending_ = false;
    on_header_(file, row);
  }
}

bool LineCursor::Load() {
  for (;;) {
    if (source_ == nullptr && !OpenNext()) return false;
    MakeRoom();
    const size_t count = source_->Read(buffer_.data() + filled_, buffer_.size() - filled_);
    if (count > 0) {
      bytes_of_file_ = source_->ConsumedBytes();
      unpacked_of_file_ += static_cast<double>(count);
      filled_ = RemoveCarriageReturns(buffer_.data(), filled_, filled_ + count);
      return true;
    }
    at_file_end_ = true;
    source_.reset();
    // A last line without line end is still there to give.
    if (filled_ > begin_) return true;
  }
}

double LineCursor::ConsumedBytes() const {
  const double waiting = unpacked_of_file_ == 0 ? 0 : static_cast<double>(filled_ - begin_) / unpacked_of_file_;
  return bytes_before_ + bytes_of_file_ * (1 - std::min(waiting, 1.0));
}

bool LineCursor::OpenNext() {
  if (next_file_ == order_.size()) return false;
  file = order_[next_file_++];
  line = 0;
  begin_ = scanned_ = filled_ = 0;
  bytes_before_ += bytes_of_file_;
  bytes_of_file_ = unpacked_of_file_ = 0;
  at_file_end_ = false;
  header_pending_ = on_header_ != nullptr;
  source_ = OpenByteSource(paths_[static_cast<size_t>(file)], file);
  return true;
}

/** Moves the unfinished line to the front; a line as long as the buffer doubles it. */
void LineCursor::MakeRoom() {
  const size_t kept = filled_ - begin_;
  if (kept == buffer_.size()) {
    if (kept >= kMaxLineBytes) {
      Problem problem;
      problem.kind = ProblemKind::kLongLine;
      problem.file = file;
      problem.line = line + 1;
      throw problem;
    }
    buffer_.resize(kept * 2);
  }
  std::memmove(buffer_.data(), buffer_.data() + begin_, kept);
  scanned_ -= begin_;
  begin_ = 0;
  filled_ = kept;
}

bool ShuffleCursor::Advance() {
  while (!source_done_ && slots_.size() < capacity_) {
    if (!source_->Advance()) return false;
    Push();
  }
  if (slots_.empty()) return false;
  Slot& slot = slots_[random_.Below(slots_.size())];
  row = std::string_view(arena_.data() + slot.start, slot.size);
  file = slot.file;
  line = slot.line;
  live_bytes_ -= slot.size;
  slot = slots_.back();
  slots_.pop_back();
  return true;
}

bool ShuffleCursor::Load() {
  if (source_done_) return false;
  if (source_->Load()) return true;
  source_done_ = true;
  return !slots_.empty();
}

double ShuffleCursor::ConsumedBytes() const {
  const double waiting = taken_bytes_ == 0 ? 0 : static_cast<double>(live_bytes_) / taken_bytes_;
  return source_->ConsumedBytes() * (1 - waiting);
}

void ShuffleCursor::Push() {
  const std::string_view text = source_->row;
  if (arena_end_ + text.size() > arena_.size()) RewriteArena(text.size());
  std::memcpy(arena_.data() + arena_end_, text.data(), text.size());
  slots_.push_back({arena_end_, text.size(), source_->line, source_->file});
  arena_end_ += text.size();
  live_bytes_ += text.size();
  taken_bytes_ += static_cast<double>(text.size());
}

void ShuffleCursor::RewriteArena(size_t incoming) {
  size_t size = arena_.size();
  while (size < 2 * (live_bytes_ + incoming)) size *= 2;
  std::vector<char> fresh(size);
  size_t to = 0;
  for (Slot& slot : slots_) {
    std::memcpy(fresh.data() + to, arena_.data() + slot.start, slot.size);
    slot.start = to;
    to += slot.size;
  }
  arena_ = std::move(fresh);
  arena_end_ = to;
}

std::vector<int> FileOrder(const Plan& plan, int64_t pass) {
  std::vector<int> order(plan.paths.size());
  std::iota(order.begin(), order.end(), 0);
  // JavaScript's `pass | 0`.
  if (plan.shuffle_rows > 0) Random(plan.seed, static_cast<uint32_t>(pass), kFileStream).Shuffle(order);
  return order;
}

Random RowRandom(const Plan& plan, int64_t pass) { return {plan.seed, static_cast<uint32_t>(pass), kRowStream}; }

std::unique_ptr<RowCursor> OpenPass(const Plan& plan, int64_t pass, const HeaderHandler& on_header) {
  auto lines = std::make_unique<LineCursor>(plan.paths, FileOrder(plan, pass), on_header);
  if (plan.shuffle_rows == 0) return lines;
  return std::make_unique<ShuffleCursor>(std::move(lines), static_cast<size_t>(plan.shuffle_rows),
                                         RowRandom(plan, pass));
}

}  // namespace easyrec::reader
