// The gradients of the rows that one thread handles: each row once, what its uses contributed summed up in the order of
// the batch, so that the sums do not depend on the number of threads.
#ifndef EASYREC_ROW_SUMS_H_
#define EASYREC_ROW_SUMS_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace easyrec {

class RowSums {
 public:
  struct Entry {
    int64_t row;
    uint32_t table;
    /** Of its sum in the storage. */
    size_t offset;
  };

  void Clear() {
    entries_.clear();
    sums_.clear();
    if (slots_.empty()) slots_.resize(1024);
    std::fill(slots_.begin(), slots_.end(), kFree);
  }

  /** Adds `factor * gradient` to the sum of a row. */
  void Add(uint32_t table, int64_t row, const float* gradient, int64_t dim, float factor) {
    if (2 * entries_.size() >= slots_.size()) Grow();
    size_t place = Hash(table, row) & (slots_.size() - 1);
    while (slots_[place] != kFree) {
      const Entry& entry = entries_[static_cast<size_t>(slots_[place])];
      if (entry.row == row && entry.table == table) {
        float* sum = &sums_[entry.offset];
        for (int64_t d = 0; d < dim; d++) sum[d] += factor * gradient[d];
        return;
      }
      place = (place + 1) & (slots_.size() - 1);
    }
    slots_[place] = static_cast<int32_t>(entries_.size());
    entries_.push_back({row, table, sums_.size()});
    const size_t offset = sums_.size();
    sums_.resize(offset + static_cast<size_t>(dim));
    float* sum = &sums_[offset];
    for (int64_t d = 0; d < dim; d++) sum[d] = factor * gradient[d];
  }

  const std::vector<Entry>& entries() const { return entries_; }
  const float* sum(const Entry& entry) const { return sums_.data() + entry.offset; }

 private:
  static constexpr int32_t kFree = -1;

  static size_t Hash(uint32_t table, int64_t row) {
    const uint64_t hash =
        (static_cast<uint64_t>(row) ^ (static_cast<uint64_t>(table) << 44)) * 0xD6E8FEB86659FD93ull;
    return static_cast<size_t>(hash >> 28);
  }

  void Grow() {
    std::vector<int32_t> larger(2 * slots_.size(), kFree);
    for (size_t i = 0; i < entries_.size(); i++) {
      size_t place = Hash(entries_[i].table, entries_[i].row) & (larger.size() - 1);
      while (larger[place] != kFree) place = (place + 1) & (larger.size() - 1);
      larger[place] = static_cast<int32_t>(i);
    }
    slots_.swap(larger);
  }

  std::vector<int32_t> slots_;
  std::vector<Entry> entries_;
  std::vector<float> sums_;
};

/** Keeps the memory of finished calls for later ones. */
class RowSumsPool {
 public:
  std::unique_ptr<RowSums> Take() {
    std::unique_ptr<RowSums> sums;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        sums = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (sums == nullptr) sums = std::make_unique<RowSums>();
    sums->Clear();
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

}  // namespace easyrec

#endif  // EASYREC_ROW_SUMS_H_
