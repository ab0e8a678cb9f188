#include "shard.h"

#include <algorithm>
#include <utility>

#include "easyrec/status.h"

namespace easyrec::embedding {

namespace {

/** Entries of an index that has any. */
constexpr size_t kLeast = 16;

}  // namespace

Index::Index(Index&& other) noexcept
    : memory_(other.memory_),
      entries_(std::exchange(other.entries_, nullptr)),
      capacity_(std::exchange(other.capacity_, 0)),
      mask_(std::exchange(other.mask_, 0)),
      size_(std::exchange(other.size_, 0)) {}

Index::~Index() {
  if (capacity_ > 0) memory_.Give(entries_, bytes());
}

IndexEntry* Index::Add(int64_t id, uint64_t hash, int32_t slot, int32_t last) {
  if (10 * (size_ + 1) > 7 * capacity_) Rebuild(capacity_ == 0 ? kLeast : 2 * capacity_);
  size_++;
  return Put({id, slot, last}, PlaceOf(hash), entries_, mask_);
}

IndexEntry* Index::Put(const IndexEntry& entry, size_t place, IndexEntry* entries, size_t mask) {
  Probe probe(place);
  while (entries[probe.place()].slot != IndexEntry::kFree) probe.Next(mask);
  IndexEntry* const put = &entries[probe.place()];
  *put = entry;
  return put;
}

size_t Index::CapacityFor(size_t size) {
  size_t capacity = kLeast;
  while (2 * size > capacity) capacity *= 2;
  return capacity;
}

void Index::Rebuild(size_t capacity) {
  const size_t mask = capacity - 1;
  IndexEntry* const rebuilt = static_cast<IndexEntry*>(memory_.Take(capacity * sizeof(IndexEntry)));
  std::fill_n(rebuilt, capacity, IndexEntry());
  for (const IndexEntry& entry : *this) {
    if (entry.slot == IndexEntry::kFree) continue;
    Put(entry, static_cast<size_t>(HashOf(entry.id)) & mask, rebuilt, mask);
  }
  if (capacity_ > 0) memory_.Give(entries_, bytes());
  entries_ = rebuilt;
  capacity_ = capacity;
  mask_ = mask;
}

Arena::Arena(Arena&& other) noexcept
    : memory_(other.memory_),
      width_(other.width_),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      chunk_count_(std::exchange(other.chunk_count_, 0)),
      free_(std::move(other.free_)) {
  std::swap(chunks_, other.chunks_);
}

Arena::~Arena() {
  for (int chunk = 0; chunk < chunk_count_; chunk++) memory_.Give(chunks_[chunk], ChunkBytes(chunk));
}

int32_t Arena::Add() {
  if (!free_.empty()) {
    const int32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (size_ == capacity_) {
    const int64_t more = static_cast<int64_t>(kFirst) << chunk_count_;
    if (capacity_ + more > kMost) {
      throw Error(TF_RESOURCE_EXHAUSTED, "a table has more rows in memory than can be numbered");
    }
    chunks_[chunk_count_] = static_cast<float*>(memory_.Take(ChunkBytes(chunk_count_)));
    chunk_count_++;
    capacity_ += static_cast<int32_t>(more);
  }
  return size_++;
}

}  // namespace easyrec::embedding
