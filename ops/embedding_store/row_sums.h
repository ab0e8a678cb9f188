// The gradients of the rows of one table that one thread handles: each row once, what its uses contributed summed up in
// the order of the batch, so that the sums do not depend on the number of threads.
#ifndef EASYREC_ROW_SUMS_H_
#define EASYREC_ROW_SUMS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "store.h"

namespace easyrec::embedding {

class RowSums {
 public:
  struct Entry {
    RecordNumber number;
    int64_t id;
  };

  /** Starts again, for at most `rows` rows of `dim` numbers. */
  void Clear(int64_t rows, int64_t dim) {
    size_t size = kLeast;
    while (size < 2 * static_cast<size_t>(rows)) size *= 2;
    slots_.assign(size, {0, kFree});
    entries_.clear();
    entries_.reserve(static_cast<size_t>(rows));
    const size_t room = static_cast<size_t>(rows) * static_cast<size_t>(dim);
    if (room > room_) {
      // Not set to 0: what is not used takes no memory.
      sums_.reset(new float[room]);
      room_ = room;
    }
    dim_ = dim;
  }

  /** Where the sum of a row is; `is_new`: nothing has been added yet, and what is there is to be overwritten. */
  inline __attribute__((always_inline)) float* SumOf(const RecordNumber& number, int64_t id, bool& is_new) {
    const uint32_t key = number.key();
    const size_t mask = slots_.size() - 1;
    size_t place = static_cast<size_t>((key * 0x9E3779B97F4A7C15ull) >> 32) & mask;
    while (slots_[place].entry != kFree && slots_[place].key != key) place = (place + 1) & mask;
    Slot& slot = slots_[place];
    is_new = slot.entry == kFree;
    if (is_new) {
      slot = {key, static_cast<int32_t>(entries_.size())};
      entries_.push_back({number, id});
    }
    return sums_.get() + static_cast<size_t>(slot.entry) * static_cast<size_t>(dim_);
  }

  /** In the order of their first use. */
  const std::vector<Entry>& entries() const { return entries_; }
  /** [entries][dim]. */
  const float* sums() const { return sums_.get(); }
  /** Room for the records of the entries. */
  std::vector<float*>& records() { return records_; }

 private:
  static constexpr int32_t kFree = -1;
  static constexpr size_t kLeast = 64;

  struct Slot {
    uint32_t key;
    int32_t entry;
  };

  int64_t dim_ = 0;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::unique_ptr<float[]> sums_;
  size_t room_ = 0;
  std::vector<float*> records_;
};

/** Keeps the memory of finished calls for later ones. */
class RowSumsPool {
 public:
  std::unique_ptr<RowSums> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return std::make_unique<RowSums>();
    std::unique_ptr<RowSums> sums = std::move(free_.back());
    free_.pop_back();
    return sums;
  }

  void Return(std::unique_ptr<RowSums> sums) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(sums));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<RowSums>> free_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_ROW_SUMS_H_
