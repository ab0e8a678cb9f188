// Rows on their way from the thread that splits lines through those that parse them to the one that makes batches.
#ifndef EASYREC_READER_ROW_BLOCKS_H_
#define EASYREC_READER_ROW_BLOCKS_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "column.h"
#include "problem.h"
#include "row_parser.h"

namespace easyrec::reader {

/** Rows of a block at most, and so of its columns. */
constexpr size_t kBlockRows = 4096;

/** What comes out of the files, in order. */
struct Item {
  enum class Kind : uint8_t { kRow, kEndOfPass };

  size_t start = 0;
  size_t size = 0;
  int64_t line = 0;
  /** Bytes of the pass's files that are done after this row. */
  double consumed = 0;
  /** Of the row's file; the block keeps it alive. */
  const FileLayout* layout = nullptr;
  int32_t file = 0;
  Kind kind = Kind::kRow;
  /** Whether the row is in the columns: known once the block is parsed. */
  bool fits = false;
};

struct RowBlock {
  /** The place among all blocks. */
  int64_t number = 0;
  std::vector<char> bytes;
  size_t used = 0;
  std::vector<Item> items;
  std::vector<std::shared_ptr<const FileLayout>> layouts;
  /** Of the rows that fit. */
  std::vector<PooledBlock> columns;
  /** Comes after the items, and nothing comes after it. */
  std::unique_ptr<Problem> problem;
  bool last = false;

  /** The text of an item; `kPadding` bytes behind it can be read. */
  std::string_view Text(const Item& item) const { return {bytes.data() + item.start, item.size}; }
  void Add(Item item, std::string_view text, const std::shared_ptr<const FileLayout>& layout);
  bool IsFull() const;
  /** Fills `columns`, and says of each row whether it fits. */
  void Parse(RowParser& parser);
  void Clear();
};

/** Blocks that threads hand to each other, in the order in which they were filled. */
class BlockExchange {
 public:
  explicit BlockExchange(size_t count);

  /** Each of these gives null once stopped. An empty block to fill: */
  std::unique_ptr<RowBlock> TakeEmpty();
  void GiveFull(std::unique_ptr<RowBlock> block);
  /** The next block to parse, for any of several threads: */
  std::unique_ptr<RowBlock> TakeFull();
  void GiveParsed(std::unique_ptr<RowBlock> block);
  /** The next parsed block: */
  std::unique_ptr<RowBlock> TakeParsed();
  void GiveEmpty(std::unique_ptr<RowBlock> block);
  void Stop();

 private:
  std::unique_ptr<RowBlock> TakeFirst(std::deque<std::unique_ptr<RowBlock>>& from, std::condition_variable& changed);

  std::mutex mutex_;
  std::condition_variable empty_changed_;
  std::condition_variable full_changed_;
  std::condition_variable parsed_changed_;
  std::deque<std::unique_ptr<RowBlock>> empty_;
  std::deque<std::unique_ptr<RowBlock>> full_;
  std::map<int64_t, std::unique_ptr<RowBlock>> parsed_;
  int64_t filled_ = 0;
  int64_t taken_ = 0;
  bool stopped_ = false;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_ROW_BLOCKS_H_
