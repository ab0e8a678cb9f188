// The store of one training: its tables, its optimizer's rule and the steps done. For the ops and the C functions.
//
// Locks: a store has one, `mutex()`. Functions that change rows need it exclusively, those that read shared; none takes
// it itself. Within a call, threads share out shards, so that no row is seen by two of them.
#ifndef EASYREC_STORE_H_
#define EASYREC_STORE_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "initial_values.h"
#include "missed_steps.h"
#include "rules.h"
#include "shard.h"

namespace easyrec::embedding {

/** A slot of the optimizer beside the weights of a row. */
struct Slot {
  /** What all its elements start from. */
  float initial;
  /** Whether it is one number rather than as wide as the row. */
  bool per_row;
};

/** Where a row's record is: shard (4 bits), slot (28), and where its entry in the index was (32). */
class RecordNumber {
 public:
  RecordNumber(uint32_t shard, int32_t slot, uint32_t place)
      : value_(static_cast<int64_t>(static_cast<uint64_t>(place) << 32 | static_cast<uint64_t>(slot) << 4 | shard)) {}
  explicit RecordNumber(int64_t value) : value_(value) {}

  /** Of an id that is left out. */
  static constexpr int64_t kNone = -1;

  int64_t value() const { return value_; }
  uint32_t shard() const { return static_cast<uint32_t>(value_) & 15; }
  int32_t slot() const { return static_cast<int32_t>(static_cast<uint32_t>(value_) >> 4); }
  uint32_t place() const { return static_cast<uint32_t>(static_cast<uint64_t>(value_) >> 32); }
  /** Shard and slot: what tells rows of a table apart. */
  uint32_t key() const { return static_cast<uint32_t>(value_); }

 private:
  int64_t value_;
};

/** Of a table without a number of rows: which keys have a row. */
struct KeyOptions {
  /** A key has one once training has looked it up so often; 0 and 1: at once. */
  int32_t filter_freq;
  /** A key loses it when training has not looked it up for more than so many steps; 0: never. */
  int32_t steps_to_live;
};

/** Of a row of such a table, beside its components. */
struct RowUse {
  /** How often training looked it up; stays at the greatest int32. */
  int32_t count;
  /** In which step it did last, counted from 1. */
  int32_t step;
};

struct TableOptions {
  std::string name;
  /** With `keys`: kUnbounded. */
  int64_t rows;
  int64_t dim;
  InitialValues initial;
  std::optional<KeyOptions> keys = std::nullopt;

  static constexpr int64_t kUnbounded = INT64_MAX;
};

/**
 * One table [rows, dim] and the slots of its rows. Component 0 is the weights, component 1 + i slot i. A row that is not
 * in memory is at its start in all components; of an unbounded table its weights are 0.
 */
class Table {
 public:
  static constexpr uint32_t kShards = 16;

  /** `memory` lives longer. */
  Table(TableOptions options, const std::vector<Slot>& slots, Memory& memory);

  const std::string& name() const { return options_.name; }
  int64_t rows() const { return options_.rows; }
  int64_t dim() const { return options_.dim; }
  /** Whether steps move its rows. */
  bool trained() const { return trained_; }
  void set_trained(bool trained) { trained_ = trained; }

  int components() const { return static_cast<int>(components_.size()); }
  /** Floats of a row in a component. */
  int64_t width(int component) const { return components_[static_cast<size_t>(component)].width; }
  /** Floats of all components of a row, which are one after the other in its record. */
  int64_t record_width() const { return record_width_; }
  /** Floats of a record: the components, and of an unbounded table what RowUse says. */
  int64_t record_floats() const { return record_width_ + (unbounded() ? kUseFloats : 0); }

  bool unbounded() const { return options_.keys.has_value(); }
  /** Whether a key needs several uses before it has a row. */
  bool filters() const { return unbounded() && options_.keys->filter_freq > 1; }
  RowUse UseOf(const float* record) const {
    RowUse use;
    std::memcpy(&use, record + record_width_, sizeof(use));
    return use;
  }
  void SetUse(float* record, const RowUse& use) const { std::memcpy(record + record_width_, &use, sizeof(use)); }

  /** Which shard a row belongs to. */
  static uint32_t ShardOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 60); }
  Shard& shard(uint32_t number) { return shards_[number]; }
  const Shard& shard(uint32_t number) const { return shards_[number]; }

  /** The record of a row; null where it is not in memory. */
  const float* Find(int64_t row) const;
  void StartWeights(int64_t row, float* weights) const { options_.initial.FillRow(row, dim(), weights); }
  /** Sets the weights of a row that is not in memory, for those who do not train. */
  void AbsentWeights(int64_t row, float* weights) const {
    if (unbounded()) {
      std::fill_n(weights, dim(), 0.0f);
    } else {
      StartWeights(row, weights);
    }
  }
  /** Sets all components of a row to their start. */
  void Start(int64_t row, float* record) const;

  /**
   * Makes a row that training looks up in step `step`. `entry` is that of an unbounded table's key without a record, or
   * null. Returns null where the key has been seen too seldom; what is known of it is kept.
   */
  IndexEntry* Admit(int64_t row, uint64_t hash, IndexEntry* entry, int32_t last, int32_t step);
  /** Sets a key of an unbounded table that has no record, to what is known of it. */
  void SetCount(int64_t row, const RowUse& use);
  /** Takes out what has outlived its time of an unbounded table's shard, at the end of step `step`. */
  void Evict(uint32_t shard, int32_t step);

  /** Components of rows [first, first + count) as they are in memory, on up to `threads` threads. */
  void Read(int component, int64_t first, int64_t count, float* target, int threads) const;
  /**
   * Sets rows [first, first + count), which then include `last` steps; a null component stands for its start. Rows that
   * are at their start in all components take no memory.
   */
  void Write(int64_t first, int64_t count, const float* const* components, int32_t last, int threads);
  /** Forgets all rows. */
  void Clear();

  /** Calls `visit(id, record)` for each row in memory of one shard, in no order. */
  template <typename Visit>
  void ForEach(uint32_t shard, Visit&& visit) const {
    const Shard& part = shards_[shard];
    for (const IndexEntry& entry : part.index) {
      if (entry.has_record()) visit(entry.id, static_cast<const float*>(part.records[entry.slot]));
    }
  }

  int64_t rows_in_memory() const;
  /** Of an unbounded table: keys without a record of which something is known. */
  int64_t counted_keys() const;
  /** Of records and the index. */
  int64_t bytes() const;

 private:
  static constexpr int64_t kUseFloats = sizeof(RowUse) / sizeof(float);

  struct Component {
    /** Of its first float in a record. */
    int64_t offset;
    int64_t width;
    float initial;
  };

  void WriteShards(int64_t first, int64_t count, const float* const* components, int32_t last, uint32_t part,
                   uint32_t parts);

  Memory& memory_;
  TableOptions options_;
  std::vector<Component> components_;
  int64_t record_width_ = 0;
  bool trained_ = true;
  std::vector<Shard> shards_;
};

/** Is told of every row before its record changes, on the thread that changes it; one thread a shard at a time. */
class RowKeeper {
 public:
  virtual ~RowKeeper() = default;
  /** Rows whose `slot` was not there when the keeper began are new. */
  virtual void Keep(int table, uint32_t shard, int32_t slot, const float* record) = 0;
};

struct StoreOptions {
  std::string rule;
  std::vector<float> parameters;
  std::vector<Slot> slots;
  /** What one op uses at most. */
  int threads;
};

class Store {
 public:
  explicit Store(const StoreOptions& options);

  std::shared_mutex& mutex() const { return mutex_; }
  int threads() const { return threads_; }
  const Rule& rule() const { return rule_; }

  int tables() const { return static_cast<int>(tables_.size()); }
  /** Throws where there is no such table. */
  Table& table(int64_t index);
  const Table& table(int64_t index) const { return const_cast<Store*>(this)->table(index); }
  int AddTable(TableOptions options);
  void SetTrained(int64_t table, bool trained);

  /** Steps since the store was last settled, for rows that move at every step; else 0. */
  int32_t clock() const { return missed_ ? missed_->clock() : 0; }
  /** What rows of a table miss when they are not touched; null where they then stay as they are. */
  const MissedSteps* missed(const Table& table) const { return missed_ && table.trained() ? &*missed_ : nullptr; }
  /** Ends a step: remembers its rate. */
  void EndStep(float rate);
  /** Brings all rows up to date; the clock starts again at 0. */
  void Settle();
  /** Forgets all rows, and what rows may miss. */
  void Reset();
  /** Steps done, also before this store was made. */
  int32_t step() const { return step_; }
  void set_step(int32_t step) { step_ = step; }
  /** Takes rows and keys that have outlived their time out of all unbounded tables. Not while there is a keeper. */
  void Evict();

  /** Null, or who is told of changes. Set with the lock held exclusively. */
  RowKeeper* keeper() const { return keeper_; }
  void set_keeper(RowKeeper* keeper) { keeper_ = keeper; }

 private:
  mutable std::shared_mutex mutex_;
  Rule rule_;
  std::vector<Slot> slots_;
  int threads_;
  std::optional<MissedSteps> missed_;
  Memory memory_;
  std::vector<std::unique_ptr<Table>> tables_;
  RowKeeper* keeper_ = nullptr;
  int32_t step_ = 0;
};

/** Makes a store known by a number, from 1. */
int64_t Register(std::shared_ptr<Store> store);
/** The store of that number; throws where there is none. */
std::shared_ptr<Store> FindStore(int64_t number);
/** Takes its number from a store, which lasts until nothing uses it. */
void Unregister(int64_t number);

}  // namespace easyrec::embedding

#endif  // EASYREC_STORE_H_
