#include "row_blocks.h"

#include <algorithm>
#include <cstring>

#include "column.h"

namespace easyrec::reader {
namespace {

/** Fits the second-level cache, so that what one thread wrote the other reads from there. */
constexpr size_t kBlockBytes = 1 << 17;
constexpr size_t kBlockItems = 4096;

}  // namespace

void RowBlock::Add(Item item, std::string_view text) {
  if (used + text.size() + kPadding > bytes.size()) {
    bytes.resize(std::max(used + text.size() + kPadding, std::max(2 * bytes.size(), kBlockBytes + (kBlockBytes >> 2))));
  }
  item.start = used;
  item.size = text.size();
  if (!text.empty()) std::memcpy(bytes.data() + used, text.data(), text.size());
  used += text.size();
  items.push_back(item);
}

bool RowBlock::IsFull() const { return used >= kBlockBytes || items.size() >= kBlockItems; }

void RowBlock::Clear() {
  used = 0;
  items.clear();
  // One long line is no reason to keep its memory.
  if (bytes.size() > 4 * kBlockBytes) std::vector<char>().swap(bytes);
}

BlockExchange::BlockExchange(size_t count) {
  for (size_t i = 0; i < count; i++) empty_.push_back(std::make_unique<RowBlock>());
}

std::unique_ptr<RowBlock> BlockExchange::TakeEmpty() { return Take(empty_, empty_changed_); }

void BlockExchange::GiveFull(std::unique_ptr<RowBlock> block) { Give(full_, full_changed_, std::move(block)); }

std::unique_ptr<RowBlock> BlockExchange::TakeFull() { return Take(full_, full_changed_); }

void BlockExchange::GiveEmpty(std::unique_ptr<RowBlock> block) {
  block->Clear();
  Give(empty_, empty_changed_, std::move(block));
}

void BlockExchange::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopped_ = true;
  empty_changed_.notify_all();
  full_changed_.notify_all();
}

std::unique_ptr<RowBlock> BlockExchange::Take(std::deque<std::unique_ptr<RowBlock>>& from,
                                              std::condition_variable& changed) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed.wait(lock, [&] { return stopped_ || !from.empty(); });
  if (stopped_) return nullptr;
  std::unique_ptr<RowBlock> block = std::move(from.front());
  from.pop_front();
  return block;
}

void BlockExchange::Give(std::deque<std::unique_ptr<RowBlock>>& to, std::condition_variable& changed,
                         std::unique_ptr<RowBlock> block) {
  const std::lock_guard<std::mutex> lock(mutex_);
  to.push_back(std::move(block));
  changed.notify_one();
}

}  // namespace easyrec::reader
