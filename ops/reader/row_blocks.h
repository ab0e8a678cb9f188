// Rows on their way from the thread that splits lines to the thread that parses them.
#ifndef EASYREC_READER_ROW_BLOCKS_H_
#define EASYREC_READER_ROW_BLOCKS_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "problem.h"

namespace easyrec::reader {

/** What comes out of the files, in order. */
struct Item {
  enum class Kind : uint8_t { kRow, kHeader, kEndOfPass };

  size_t start;
  size_t size;
  int64_t line;
  /** Bytes of the pass's files that are done after this row. */
  double consumed;
  int32_t file;
  Kind kind;
};

struct RowBlock {
  std::vector<char> bytes;
  size_t used = 0;
  std::vector<Item> items;
  /** Comes after the items, and nothing comes after it. */
  std::unique_ptr<Problem> problem;
  bool last = false;

  /** The text of an item; `kPadding` bytes behind it can be read. */
  std::string_view Text(const Item& item) const { return {bytes.data() + item.start, item.size}; }
  void Add(Item item, std::string_view text);
  bool IsFull() const;
  void Clear();
};

/** A few blocks between two threads, handed back and forth. */
class BlockExchange {
 public:
  explicit BlockExchange(size_t count);

  /** An empty block to fill, null once stopped. */
  std::unique_ptr<RowBlock> TakeEmpty();
  void GiveFull(std::unique_ptr<RowBlock> block);
  /** The next block, null once stopped. */
  std::unique_ptr<RowBlock> TakeFull();
  void GiveEmpty(std::unique_ptr<RowBlock> block);
  void Stop();

 private:
  std::unique_ptr<RowBlock> Take(std::deque<std::unique_ptr<RowBlock>>& from, std::condition_variable& changed);
  void Give(std::deque<std::unique_ptr<RowBlock>>& to, std::condition_variable& changed,
            std::unique_ptr<RowBlock> block);

  std::mutex mutex_;
  std::condition_variable empty_changed_;
  std::condition_variable full_changed_;
  std::deque<std::unique_ptr<RowBlock>> empty_;
  std::deque<std::unique_ptr<RowBlock>> full_;
  bool stopped_ = false;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_ROW_BLOCKS_H_
