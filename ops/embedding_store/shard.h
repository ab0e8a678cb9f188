// One part of a table's rows: where each row is, and the rows themselves. Belongs to one thread at a time.
#ifndef EASYREC_SHARD_H_
#define EASYREC_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory.h"

namespace easyrec::embedding {

/** Spreads the bits of an id. */
inline uint64_t HashOf(int64_t id) {
  uint64_t x = static_cast<uint64_t>(id) * 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93ull;
  return x ^ (x >> 32);
}

/** What is known of a row besides its record; four of them are a line of the cache. */
struct IndexEntry {
  static constexpr int32_t kFree = -1;

  /** What stands in place of a record's number for a key that was seen `count` times, at least once, and has none. */
  static int32_t SlotOfCount(int32_t count) { return kFree - count; }

  bool has_record() const { return slot >= 0; }
  /** How often a key without a record was seen. */
  int32_t count() const { return kFree - slot; }

  int64_t id = 0;
  /** The number of its record, kFree, or SlotOfCount. */
  int32_t slot = kFree;
  /** How many of the steps since the store was last settled the row includes; of a key without a record its last step. */
  int32_t last = 0;
};

/** From ids to records: open addressing, a power of two of entries. */
class Index {
 public:
  explicit Index(Memory& memory) : memory_(memory) {}
  Index(Index&& other) noexcept;
  Index& operator=(Index&&) = delete;
  ~Index();

  /** The entry of a row; null where there is none. `hash` is that of the id. */
  IndexEntry* Find(int64_t id, uint64_t hash) {
    if (capacity_ == 0) return nullptr;
    for (Probe probe(PlaceOf(hash));; probe.Next(mask_)) {
      IndexEntry& entry = entries_[probe.place()];
      if (entry.slot == IndexEntry::kFree) return nullptr;
      if (entry.id == id) return &entry;
    }
  }
  const IndexEntry* Find(int64_t id, uint64_t hash) const { return const_cast<Index*>(this)->Find(id, hash); }

  /** Adds a row that is not there; entries move. */
  IndexEntry* Add(int64_t id, uint64_t hash, int32_t slot, int32_t last);

  /** Takes out all entries of which `is_evicted`; entries move. */
  template <typename IsEvicted>
  void Evict(IsEvicted&& is_evicted) {
    size_t left = 0;
    for (IndexEntry& entry : *this) {
      if (entry.slot == IndexEntry::kFree) continue;
      if (is_evicted(entry)) {
        entry.slot = IndexEntry::kFree;
      } else {
        left++;
      }
    }
    if (left == size_) return;
    size_ = left;
    Rebuild(CapacityFor(left));
  }

  void Prefetch(uint64_t hash) const {
    if (capacity_ > 0) __builtin_prefetch(&entries_[PlaceOf(hash)]);
  }

  void PrefetchPlace(uint32_t place) const {
    if (place < capacity_) __builtin_prefetch(&entries_[place], 1);
  }

  /** Where an entry is, until the next Add. */
  uint32_t PlaceOf(const IndexEntry* entry) const { return static_cast<uint32_t>(entry - entries_); }
  /** The entry that was at `place`, if that is still the one of the record; else null. */
  IndexEntry* At(uint32_t place, int32_t slot) {
    return place < capacity_ && entries_[place].slot == slot ? &entries_[place] : nullptr;
  }

  /** Entries in no order, free ones among them. */
  IndexEntry* begin() { return entries_; }
  IndexEntry* end() { return entries_ + capacity_; }
  const IndexEntry* begin() const { return entries_; }
  const IndexEntry* end() const { return entries_ + capacity_; }
  size_t bytes() const { return capacity_ * sizeof(IndexEntry); }
  size_t size() const { return size_; }

 private:
  /** The places where a row may be, in order: all of a line of the cache, which was fetched as a whole, then the next. */
  class Probe {
   public:
    explicit Probe(size_t place) : line_(place & ~kInLine), first_(place & kInLine) {}

    size_t place() const { return line_ | ((first_ + tried_) & kInLine); }
    void Next(size_t mask) {
      if (++tried_ <= kInLine) return;
      tried_ = 0;
      line_ = (line_ + kInLine + 1) & mask;
    }

   private:
    static constexpr size_t kInLine = 3;

    size_t line_;
    size_t first_;
    size_t tried_ = 0;
  };

  // The high bits tell the shard.
  size_t PlaceOf(uint64_t hash) const { return static_cast<size_t>(hash) & mask_; }
  /** Puts an entry into one of the places that have room for it. */
  static IndexEntry* Put(const IndexEntry& entry, size_t place, IndexEntry* entries, size_t mask);
  /** How many entries there are room for when there are `size`, with some to come. */
  static size_t CapacityFor(size_t size);
  /** Moves all entries to where they belong among so many. */
  void Rebuild(size_t capacity);

  Memory& memory_;
  IndexEntry* entries_ = nullptr;
  size_t capacity_ = 0;
  size_t mask_ = 0;
  size_t size_ = 0;
};

/** Records of a fixed number of floats, which never move: chunks, each twice as large as the one before. */
class Arena {
 public:
  /** `width`: floats a record. */
  Arena(Memory& memory, int64_t width) : memory_(memory), width_(width) {}
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&&) = delete;
  ~Arena();

  /** A record more, whose floats are not set. */
  int32_t Add();
  /** Gives a record back: its number is that of a later one. */
  void Free(int32_t slot) { free_.push_back(slot); }

  float* operator[](int32_t slot) const {
    const uint64_t position = static_cast<uint64_t>(slot) + kFirst;
    const int bits = 63 - __builtin_clzll(position);
    return chunks_[bits - kFirstBits] +
           static_cast<int64_t>(position - (uint64_t{1} << bits)) * width_;
  }

  /** All numbers are below. */
  int32_t size() const { return size_; }
  /** Numbers that no record has. */
  const std::vector<int32_t>& free() const { return free_; }
  /** Bytes of the records there are, or were. */
  size_t bytes() const { return static_cast<size_t>(size_) * static_cast<size_t>(width_) * sizeof(float); }

  /** Records of one shard: their numbers have 28 bits. */
  static constexpr int32_t kMost = (1 << 28) - 1;

 private:
  static constexpr int kFirstBits = 4;
  /** Records of the first chunk. */
  static constexpr uint64_t kFirst = uint64_t{1} << kFirstBits;
  static constexpr int kChunks = 28 - kFirstBits + 1;

  size_t ChunkBytes(int chunk) const {
    return (static_cast<size_t>(kFirst) << chunk) * static_cast<size_t>(width_) * sizeof(float);
  }

  Memory& memory_;
  int64_t width_;
  int32_t size_ = 0;
  int32_t capacity_ = 0;
  int chunk_count_ = 0;
  float* chunks_[kChunks] = {};
  std::vector<int32_t> free_;
};

struct Shard {
  Shard(Memory& memory, int64_t width) : index(memory), records(memory, width) {}

  Index index;
  Arena records;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_SHARD_H_
