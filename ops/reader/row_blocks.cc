#include "row_blocks.h"

#include <algorithm>
#include <cstring>

namespace easyrec::reader {
namespace {

/** Fits the second-level cache, so that what one thread wrote the other reads from there. */
constexpr size_t kBlockBytes = 1 << 17;

}  // namespace

void RowBlock::Add(Item item, std::string_view text, const std::shared_ptr<const FileLayout>& layout) {
  if (used + text.size() + kPadding > bytes.size()) {
    bytes.resize(std::max(used + text.size() + kPadding, std::max(2 * bytes.size(), kBlockBytes + (kBlockBytes >> 2))));
  }
  item.start = used;
  item.size = text.size();
  item.layout = layout.get();
  if (layout != nullptr && std::find(layouts.begin(), layouts.end(), layout) == layouts.end()) {
    layouts.push_back(layout);
  }
  if (!text.empty()) std::memcpy(bytes.data() + used, text.data(), text.size());
  used += text.size();
  items.push_back(item);
}

bool RowBlock::IsFull() const { return used >= kBlockBytes || items.size() >= kBlockRows; }

void RowBlock::Parse(RowParser& parser) {
  int64_t rows = 0;
  size_t parsed = 0;
  std::unique_ptr<Problem> found = Attempt([&] {
    for (; parsed < items.size(); parsed++) {
      Item& item = items[parsed];
      item.fits = item.kind == Item::Kind::kRow && parser.Parse(*item.layout, rows, Text(item));
      if (item.fits) rows++;
    }
    columns = parser.Finish();
  });
  if (found == nullptr) return;
  items.resize(parsed);
  problem = std::move(found);
  last = true;
}

void RowBlock::Clear() {
  used = 0;
  items.clear();
  layouts.clear();
  columns.clear();
  // One long line is no reason to keep its memory.
  if (bytes.size() > 4 * kBlockBytes) std::vector<char>().swap(bytes);
}

BlockExchange::BlockExchange(size_t count) {
  for (size_t i = 0; i < count; i++) empty_.push_back(std::make_unique<RowBlock>());
}

std::unique_ptr<RowBlock> BlockExchange::TakeEmpty() { return TakeFirst(empty_, empty_changed_); }

void BlockExchange::GiveFull(std::unique_ptr<RowBlock> block) {
  const std::lock_guard<std::mutex> lock(mutex_);
  block->number = filled_++;
  full_.push_back(std::move(block));
  full_changed_.notify_one();
}

std::unique_ptr<RowBlock> BlockExchange::TakeFull() { return TakeFirst(full_, full_changed_); }

void BlockExchange::GiveParsed(std::unique_ptr<RowBlock> block) {
  const std::lock_guard<std::mutex> lock(mutex_);
  parsed_.emplace(block->number, std::move(block));
  parsed_changed_.notify_one();
}

std::unique_ptr<RowBlock> BlockExchange::TakeParsed() {
  std::unique_lock<std::mutex> lock(mutex_);
  parsed_changed_.wait(lock, [&] { return stopped_ || parsed_.count(taken_) > 0; });
  if (stopped_) return nullptr;
  const auto next = parsed_.find(taken_++);
  std::unique_ptr<RowBlock> block = std::move(next->second);
  parsed_.erase(next);
  return block;
}

void BlockExchange::GiveEmpty(std::unique_ptr<RowBlock> block) {
  block->Clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  empty_.push_back(std::move(block));
  empty_changed_.notify_one();
}

void BlockExchange::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopped_ = true;
  empty_changed_.notify_all();
  full_changed_.notify_all();
  parsed_changed_.notify_all();
}

std::unique_ptr<RowBlock> BlockExchange::TakeFirst(std::deque<std::unique_ptr<RowBlock>>& from,
                                                   std::condition_variable& changed) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed.wait(lock, [&] { return stopped_ || !from.empty(); });
  if (stopped_) return nullptr;
  std::unique_ptr<RowBlock> block = std::move(from.front());
  from.pop_front();
  return block;
}

}  // namespace easyrec::reader
