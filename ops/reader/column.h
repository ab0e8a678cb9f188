// One column of a batch: its memory, and putting texts into it.
#ifndef EASYREC_READER_COLUMN_H_
#define EASYREC_READER_COLUMN_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "plan.h"

namespace easyrec::reader {

/** Texts may be read so far beyond their end, and elements written so far beyond theirs. */
constexpr size_t kPadding = 64;

/** Of the texts of a column, as in column_builder.ts, whose offsets are 32-bit. */
constexpr size_t kMaxColumnBytes = (size_t{1} << 31) - 1;

/** Elements of a column, then of the tensor made of it; and the long strings that the elements point to. */
class Block {
 public:
  explicit Block(size_t bytes);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  char* data() const { return data_; }

  /** Room for a long string, at an address that stays. */
  char* Allocate(size_t size);
  /** How much is allocated; `Rewind` gives back what came after. */
  struct Mark {
    size_t chunk = 0;
    size_t used = 0;
  };
  Mark mark() const { return mark_; }
  void Rewind(const Mark& mark) { mark_ = mark; }
  /** For use by another batch: keeps the largest piece of memory. */
  void Reset();

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };

  char* data_;
  std::vector<Chunk> chunks_;
  Mark mark_;
};

/**
 * Blocks of one column that wait to be used again: pages that were touched before cost nothing. Tensors give theirs
 * back from any thread and at any time, also when the reader is gone.
 */
class BlockPool {
 public:
  /** Of blocks for `bytes` bytes, of which at most `limit` wait. */
  BlockPool(size_t bytes, size_t limit) : bytes_(bytes), limit_(limit) {}

  std::unique_ptr<Block> Take();
  void Give(std::unique_ptr<Block> block);
  /** From now on what is given is freed. */
  void Close();

 private:
  const size_t bytes_;
  const size_t limit_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> free_;
  bool closed_ = false;
};

/** A block that goes back to its pool. */
struct PooledBlock {
  std::shared_ptr<BlockPool> pool;
  std::unique_ptr<Block> block;

  PooledBlock(std::shared_ptr<BlockPool> from) : pool(std::move(from)), block(pool->Take()) {}
  PooledBlock(PooledBlock&&) = default;
  PooledBlock& operator=(PooledBlock&&) = delete;
  ~PooledBlock() {
    if (block != nullptr) pool->Give(std::move(block));
  }
};

/** TensorFlow's number of a type, and the size of an element. */
struct ElementType {
  int dtype;
  size_t bytes;
};

constexpr int kStringType = 7;

/** The type of a column of the field's values, or with `hash_buckets` above 0 of the ids of its texts. */
ElementType TypeOf(const Field& field, uint64_t hash_buckets);

/** A `TF_TString` of the text; what does not fit into the element lies in `block`. Reads up to `kPadding` bytes too many. */
void PutText(char* element, std::string_view text, Block& block);

/** The text of a `TF_TString` that `PutText` made. */
std::string_view TextOf(const char* element);

/** Collects a column from field texts. */
class ColumnBuilder {
 public:
  /**
   * Of the field's values, or with `hash_buckets` above 0 of the ids of its texts. `field` must outlive the builder, of
   * whose blocks `kept_blocks` may wait.
   */
  ColumnBuilder(const Field& field, uint64_t hash_buckets, int64_t capacity, size_t kept_blocks);

  /**
   * Sets row `row` from `text`, quotes already removed; false if it does not fit. `kPadding` bytes behind the text can
   * be read; with `ascii`, it is known to be ASCII. Rows come in order; one that was refused, or whose other columns
   * were, is set again by its successor. Throws Problem when the column grows too large.
   */
  bool Put(int64_t row, std::string_view text, bool ascii);

  /** For numbers, to be set without a text. */
  char* Elements();

  /** Hands over the rows and begins anew. */
  PooledBlock Finish();

  const std::shared_ptr<BlockPool>& pool() const { return pool_; }

 private:
  /** Whether a text, where it has to spell a number, does. */
  bool IsAllowed(std::string_view text) const;
  bool PutString(int64_t row, std::string_view text, bool ascii);
  bool PutHash(int64_t row, std::string_view text, bool ascii);

  template <typename T>
  T* elements() {
    return reinterpret_cast<T*>(current_->block->data());
  }

  const Field& field_;
  const uint64_t hash_buckets_;
  const std::shared_ptr<BlockPool> pool_;
  std::string padded_default_;
  size_t default_size_ = 0;
  std::unique_ptr<PooledBlock> current_;
  /** Of a string column: where the last row's long string begins, and the bytes of all rows before it. */
  int64_t last_row_ = -1;
  Block::Mark last_mark_;
  size_t bytes_before_ = 0;
  size_t last_bytes_ = 0;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_COLUMN_H_
