// EasyRecEmbeddingLookup: vectors of all features of a group, side by side.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/workers.h"
#include "features.h"
#include "store.h"

namespace easyrec::embedding {

namespace {

constexpr int64_t kFloatsPerLine = 16;
/** Ids that wait for memory together. */
constexpr int kBlock = 20;

/** Where the vectors of a feature go: that of row r of the batch at `data + r * width`. */
struct Place {
  float* data;
  int64_t width;
};

void PrefetchRecord(const float* record, int64_t floats) {
  for (int64_t d = 0; d < floats; d += kFloatsPerLine) __builtin_prefetch(record + d);
}

/** Calls of the library's memcpy take longer than the copies of usual widths. */
void Copy(const float* from, int64_t dim, float* to) {
  switch (dim) {
    case 1:
      *to = *from;
      return;
    case 8:
      std::memcpy(to, from, 8 * sizeof(float));
      return;
    case 16:
      std::memcpy(to, from, 16 * sizeof(float));
      return;
    case 32:
      std::memcpy(to, from, 32 * sizeof(float));
      return;
    default:
      std::memcpy(to, from, static_cast<size_t>(dim) * sizeof(float));
  }
}

/** Adds the vector of a feature's i-th id to its row of the batch; of a plain feature, sets it. */
void AddVector(const Feature& feature, int64_t i, const float* from, const Place& place) {
  float* to = place.data + feature.row(i) * place.width;
  const int64_t dim = feature.dim();
  if (!feature.is_plain()) {
    const float factor = feature.factor(i);
    for (int64_t d = 0; d < dim; d++) to[d] += factor * from[d];
  } else {
    Copy(from, dim, to);
  }
}

/** In place of AddVector where an id has no vector. */
void LeaveOut(const Feature& feature, int64_t i, const Place& place) {
  if (feature.is_plain()) std::fill_n(place.data + feature.row(i) * place.width, feature.dim(), 0.0f);
}

/** Sets what AddVector adds to, for rows [begin, end) of the batch, to 0. */
void ClearRows(const Feature& feature, int64_t begin, int64_t end, const Place& place) {
  if (feature.is_plain()) return;
  for (int64_t row = begin; row < end; row++) std::fill_n(place.data + row * place.width, feature.dim(), 0.0f);
}

/** Finds or makes the rows of one unit, and brings them up to date. */
class TrainLookup {
 public:
  TrainLookup(const Store& store, const FeatureGroup& group, const Unit& unit)
      : table_(*group.table),
        table_index_(static_cast<int>(group.table_index)),
        unit_(unit),
        keeper_(store.keeper()),
        missed_(store.missed(table_)),
        clock_(store.clock()),
        step_(store.step() + 1) {}

  /**
   * Of a table whose keys get rows by the number of their uses: counts all of a feature's, and makes the rows. Every
   * feature of the group is counted before one is looked up, so that all uses of a key in a batch find its row, or none.
   */
  void CountUses(const Feature& feature) {
    constexpr int64_t kAhead = 16;
    const auto prefetch = [&](int64_t i) {
      const uint64_t hash = HashOf(feature.id(i));
      table_.shard(Table::ShardOf(hash)).index.Prefetch(hash);
    };
    for (int64_t i = 0; i < feature.size(); i++) {
      if (i + kAhead < feature.size()) prefetch(i + kAhead);
      const int64_t id = feature.id(i);
      const uint64_t hash = HashOf(id);
      const uint32_t number = Table::ShardOf(hash);
      if (!unit_.owns(number) || feature.skips(i)) continue;
      IndexEntry* entry = table_.shard(number).index.Find(id, hash);
      if (entry == nullptr || !entry->has_record()) {
        entry = table_.Admit(id, hash, entry, clock_, step_);
        if (entry == nullptr) continue;
      } else if (keeper_ != nullptr) {
        Keep(number, *entry);
      }
      Count(table_.shard(number).records[entry->slot]);
    }
  }

  /** `records`: of each id of the feature. Vectors are gathered where the unit has the group for itself. */
  void Do(const Feature& feature, const Place& place, int64_t* records) {
    if (unit_.parts == 1) ClearRows(feature, 0, feature.batch_size(), place);
    feature_ = &feature;
    next_ = 0;
    // Three blocks are under way: the index of one is being fetched, the records of the one before, and the one
    // before that is done.
    Block blocks[3];
    Begin(blocks[0]);
    for (size_t b = 0;; b++) {
      Block& middle = blocks[b % 3];
      Block& last = blocks[(b + 2) % 3];
      Begin(blocks[(b + 1) % 3]);
      Find(middle, records);
      if (b > 0) End(last, place);
      if (middle.count == 0) return;
    }
  }

 private:
  struct Block {
    int count = 0;
    int64_t number[kBlock];
    uint64_t hash[kBlock];
    float* record[kBlock];
    int32_t last[kBlock];
  };

  void Begin(Block& block) {
    block.count = 0;
    for (; next_ < feature_->size() && block.count < kBlock; next_++) {
      const uint64_t hash = HashOf(feature_->id(next_));
      const uint32_t shard = Table::ShardOf(hash);
      if (!unit_.owns(shard)) continue;
      table_.shard(shard).index.Prefetch(hash);
      block.number[block.count] = next_;
      block.hash[block.count++] = hash;
    }
  }

  void Find(Block& block, int64_t* records) {
    for (int k = 0; k < block.count; k++) {
      const int64_t i = block.number[k];
      block.record[k] = nullptr;
      if (feature_->skips(i)) {
        records[i] = RecordNumber::kNone;
        continue;
      }
      const uint64_t hash = block.hash[k];
      const uint32_t number = Table::ShardOf(hash);
      Shard& shard = table_.shard(number);
      const int64_t id = feature_->id(i);
      IndexEntry* entry = shard.index.Find(id, hash);
      if (entry == nullptr || !entry->has_record()) {
        // Of keys that are filtered, CountUses has made the rows.
        entry = table_.filters() ? nullptr : table_.Admit(id, hash, entry, clock_, step_);
        if (entry == nullptr) {
          records[i] = RecordNumber::kNone;
          continue;
        }
      } else {
        const bool is_whole = counts() || (missed_ != nullptr && entry->last != clock_);
        PrefetchRecord(shard.records[entry->slot], is_whole ? table_.record_floats() : table_.dim());
        // The record changes when its use is counted.
        if (keeper_ != nullptr && counts()) Keep(number, *entry);
      }
      records[i] = RecordNumber(number, entry->slot, shard.index.PlaceOf(entry)).value();
      block.record[k] = shard.records[entry->slot];
      block.last[k] = entry->last;
      if (missed_ != nullptr && entry->last != clock_) {
        entry->last = clock_;
        if (keeper_ != nullptr) Keep(number, *entry);
      }
    }
  }

  void Keep(uint32_t shard, const IndexEntry& entry) {
    keeper_->Keep(table_index_, shard, entry.slot, table_.shard(shard).records[entry.slot]);
  }

  void End(const Block& block, const Place& place) {
    for (int k = 0; k < block.count; k++) {
      float* record = block.record[k];
      if (record == nullptr) {
        if (unit_.parts == 1) LeaveOut(*feature_, block.number[k], place);
        continue;
      }
      if (counts()) Count(record);
      if (missed_ != nullptr) missed_->CatchUp(record, table_.dim(), block.last[k]);
      if (unit_.parts == 1) AddVector(*feature_, block.number[k], record, place);
    }
  }

  /** Whether uses are counted as rows are looked up, rather than before. */
  bool counts() const { return table_.unbounded() && !table_.filters(); }

  void Count(float* record) const {
    RowUse use = table_.UseOf(record);
    if (use.count < INT32_MAX) use.count++;
    use.step = step_;
    table_.SetUse(record, use);
  }

  Table& table_;
  int table_index_;
  Unit unit_;
  RowKeeper* keeper_;
  const MissedSteps* missed_;
  int32_t clock_;
  /** The one that this lookup belongs to. */
  int32_t step_;
  const Feature* feature_ = nullptr;
  int64_t next_ = 0;
};

class Lookup {
 public:
  explicit Lookup(const Construction& construction)
      : attributes_(construction), train_(construction.Bool("train")) {
    for (const Table* table : attributes_.tables) width_ += table->dim();
  }

  void Compute(const Context& context) const {
    Store& store = *attributes_.store;
    const int64_t rows = BatchSizeInput(context, 0);
    int input = 1;
    const Batch batch(context, attributes_, std::vector<int64_t>(attributes_.size(), rows), input);
    const Tensor vectors = context.Output<float>(0, {rows, width_});
    const Tensor records = context.Output<int64_t>(1, {train_ ? batch.ids() : 0});
    std::vector<Place> places;
    int64_t column = 0;
    for (const Feature& feature : batch.features()) {
      places.push_back({vectors.data<float>() + column, width_});
      column += feature.dim();
    }
    if (train_) {
      const std::unique_lock<std::shared_mutex> lock(store.mutex());
      Train(store, batch, rows, places, records.data<int64_t>());
    } else {
      const std::shared_lock<std::shared_mutex> lock(store.mutex());
      Evaluate(store, batch, rows, places);
    }
  }

 private:
  void Train(const Store& store, const Batch& batch, int64_t size, const std::vector<Place>& places,
             int64_t* records) const {
    std::vector<int64_t*> starts;
    for (const Feature& feature : batch.features()) {
      starts.push_back(records);
      records += feature.size();
    }
    const std::vector<Unit> units = UnitsOf(batch, attributes_.groups);
    Parallel(static_cast<int64_t>(units.size()), batch.threads(), [&](int64_t u) {
      const Unit& unit = units[static_cast<size_t>(u)];
      const FeatureGroup& group = attributes_.groups[unit.group];
      TrainLookup lookup(store, group, unit);
      if (group.table->filters()) {
        for (const size_t f : group.features) lookup.CountUses(batch[f]);
      }
      for (const size_t f : group.features) lookup.Do(batch[f], places[f], starts[f]);
    });
    std::vector<size_t> shared;
    for (const Unit& unit : units) {
      if (unit.parts == 1 || unit.part != 0) continue;
      for (const size_t f : attributes_.groups[unit.group].features) shared.push_back(f);
    }
    if (shared.empty()) return;
    Parallel(batch.threads(), batch.threads(), [&](int64_t u) {
      const Part rows(size, u, batch.threads());
      for (const size_t f : shared) Gather(*attributes_.tables[f], batch[f], rows, places[f], starts[f]);
    });
  }

  static void Gather(const Table& table, const Feature& feature, const Part& rows, const Place& place,
                     const int64_t* records) {
    constexpr int64_t kAhead = 12;
    const auto record = [&](int64_t i) -> const float* {
      if (records[i] == RecordNumber::kNone) return nullptr;
      const RecordNumber number(records[i]);
      return table.shard(number.shard()).records[number.slot()];
    };
    ClearRows(feature, rows.begin, rows.end, place);
    const int64_t end = feature.begin_of(rows.end);
    for (int64_t i = feature.begin_of(rows.begin); i < end; i++) {
      if (i + kAhead < end) {
        const float* const later = record(i + kAhead);
        if (later != nullptr) PrefetchRecord(later, feature.dim());
      }
      const float* const from = record(i);
      if (from != nullptr) {
        AddVector(feature, i, from, place);
      } else {
        LeaveOut(feature, i, place);
      }
    }
  }

  void Evaluate(const Store& store, const Batch& batch, int64_t size, const std::vector<Place>& places) const {
    const int64_t parts = batch.threads();
    Parallel(parts, batch.threads(), [&](int64_t u) {
      const Part rows(size, u, parts);
      for (size_t f = 0; f < places.size(); f++) EvaluateRows(store, *attributes_.tables[f], batch[f], rows, places[f]);
    });
  }

  static void EvaluateRows(const Store& store, const Table& table, const Feature& feature, const Part& rows,
                           const Place& place) {
    constexpr int64_t kAhead = 16;
    const MissedSteps* const missed = store.missed(table);
    std::vector<float> scratch(static_cast<size_t>(table.record_width()));
    ClearRows(feature, rows.begin, rows.end, place);
    const int64_t end = feature.begin_of(rows.end);
    for (int64_t i = feature.begin_of(rows.begin); i < end; i++) {
      if (i + kAhead < end) {
        const uint64_t later = HashOf(feature.id(i + kAhead));
        table.shard(Table::ShardOf(later)).index.Prefetch(later);
      }
      if (feature.skips(i)) {
        LeaveOut(feature, i, place);
        continue;
      }
      const uint64_t hash = HashOf(feature.id(i));
      const Shard& shard = table.shard(Table::ShardOf(hash));
      const IndexEntry* const entry = shard.index.Find(feature.id(i), hash);
      const float* vector = scratch.data();
      if (entry == nullptr || !entry->has_record()) {
        table.AbsentWeights(feature.id(i), scratch.data());
      } else {
        vector = shard.records[entry->slot];
        if (missed != nullptr && entry->last != missed->clock()) {
          std::copy_n(vector, scratch.size(), scratch.data());
          missed->CatchUp(scratch.data(), table.dim(), entry->last);
          vector = scratch.data();
        }
      }
      AddVector(feature, i, vector, place);
    }
  }

  FeatureAttributes attributes_;
  bool train_;
  int64_t width_ = 0;
};

void InferShapes(const ShapeContext& context) {
  const auto unknown = [&] { return context.Vector(ShapeContext::kUnknown); };
  // Two vectors: one concatenated with itself would say that both dimensions are the same number.
  context.SetOutput(0, context.Concatenate(unknown(), unknown()));
  context.SetOutput(1, unknown());
}

[[maybe_unused]] const bool registered = [] {
  OpDefinition op("EasyRecEmbeddingLookup");
  op.Input("batch_size: int32");
  Batch::DefineInputs(op).Output("vectors: float").Output("records: int64");
  FeatureAttributes::Define(op)
      .Attribute("train: bool")
      .Stateful()
      .ShapeFunction<InferShapes>()
      .Register();
  RegisterKernel<Lookup>("EasyRecEmbeddingLookup");
  return true;
}();

}  // namespace

}  // namespace easyrec::embedding
