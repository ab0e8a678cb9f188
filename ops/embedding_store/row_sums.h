// The gradients of the rows of one table that one thread handles: each row once, what its uses contributed summed up in
// the order of the batch, so that the sums do not depend on the number of threads.
#ifndef EASYREC_ROW_SUMS_H_
#define EASYREC_ROW_SUMS_H_

#include <algorithm>
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

  /** Starts again, for about `rows` rows of `dim` numbers. */
  void Clear(int64_t rows, int64_t dim) {
    size_t size = kLeast;
    while (size < 2 * static_cast<size_t>(rows)) size *= 2;
    slots_.assign(size, {0, kFree});
    entries_.clear();
    sums_.clear();
    dim_ = dim;
  }

  /** Adds `factor * gradient` to the sum of a row. */
  void Add(const RecordNumber& number, int64_t id, const float* gradient, float factor) {
    if (2 * entries_.size() >= slots_.size()) Grow();
    const uint32_t key = number.key();
    size_t place = PlaceOf(key);
    while (slots_[place].entry != kFree) {
      if (slots_[place].key == key) {
        float* sum = sums_.data() + static_cast<size_t>(slots_[place].entry) * static_cast<size_t>(dim_);
        for (int64_t d = 0; d < dim_; d++) sum[d] += factor * gradient[d];
        return;
      }
      place = (place + 1) & (slots_.size() - 1);
    }
    slots_[place] = {key, static_cast<int32_t>(entries_.size())};
    entries_.push_back({number, id});
    const size_t offset = sums_.size();
    sums_.resize(offset + static_cast<size_t>(dim_));
    float* sum = &sums_[offset];
    for (int64_t d = 0; d < dim_; d++) sum[d] = factor * gradient[d];
  }

  /** In the order of their first use. */
  const std::vector<Entry>& entries() const { return entries_; }
  /** [entries][dim]. */
  const float* sums() const { return sums_.data(); }
  /** Room for the records of the entries. */
  std::vector<float*>& records() { return records_; }

 private:
  static constexpr int32_t kFree = -1;
  static constexpr size_t kLeast = 64;

  struct Slot {
    uint32_t key;
    int32_t entry;
  };

  size_t PlaceOf(uint32_t key) const {
    return static_cast<size_t>((key * 0x9E3779B97F4A7C15ull) >> 32) & (slots_.size() - 1);
  }

  void Grow() {
    std::vector<Slot> larger(2 * slots_.size(), {0, kFree});
    larger.swap(slots_);
    for (size_t i = 0; i < entries_.size(); i++) {
      const uint32_t key = entries_[i].number.key();
      size_t place = PlaceOf(key);
      while (slots_[place].entry != kFree) place = (place + 1) & (slots_.size() - 1);
      slots_[place] = {key, static_cast<int32_t>(i)};
    }
  }

  int64_t dim_ = 0;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::vector<float> sums_;
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
