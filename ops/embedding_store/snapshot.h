// The rows of a store as they were at one moment, while training goes on: a row that is about to change is copied first,
// unless it has been read already.
#ifndef EASYREC_SNAPSHOT_H_
#define EASYREC_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "store.h"

namespace easyrec::embedding {

/** Where a row of a snapshot is. */
struct SnapshotRow {
  int64_t id;
  uint32_t shard;
  int32_t slot;
};

/** A key of an unbounded table that has no row yet. */
struct CountedKey {
  int64_t id;
  RowUse use;
};

class Snapshot : public RowKeeper {
 public:
  /** Brings all rows up to date, and takes out those that have outlived their time; a store has one snapshot at a time. */
  explicit Snapshot(std::shared_ptr<Store> store);
  ~Snapshot() override;

  const Table& table(int index) const { return store_->table(index); }

  /** How many rows of a table were in memory. */
  int64_t CountRows(int table) const;
  /** Those of [first, end), ascending. */
  std::vector<SnapshotRow> FindRows(int table, int64_t first, int64_t end) const;
  /** Ids that part the rows in memory of a table into about `ranges` ranges of one size, ascending. */
  std::vector<int64_t> Split(int table, int64_t ranges) const;
  /** The keys of an unbounded table that had no row, ascending; may be called once. */
  std::vector<CountedKey> TakeCountedKeys(int table);
  /** Copies their records, one after the other. Each row is taken once. */
  void Take(int table, const SnapshotRow* rows, int64_t count, float* records);
  /** Says that no more rows of a table will be taken. */
  void Forget(int table);

  void Keep(int table, uint32_t shard, int32_t slot, const float* record) override;

 private:
  struct Part {
    Part(Memory& memory, int64_t width) : copies(memory, width) {}

    /** Of each record number: kLive, kTaken, kFree where no row had it, or the number of its copy. */
    std::vector<int32_t> states;
    Arena copies;
  };

  static constexpr int32_t kLive = -1;
  static constexpr int32_t kTaken = -2;
  static constexpr int32_t kFree = -3;

  void TakeSome(int table, const SnapshotRow* rows, int64_t count, float* records);

  std::shared_ptr<Store> store_;
  Memory memory_;
  /** One a shard; none of a table that was forgotten. */
  std::vector<std::vector<Part>> tables_;
  std::vector<std::vector<CountedKey>> counted_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_SNAPSHOT_H_
