// EasyRecEmbeddingUpdate: moves the rows that a step looked up, and ends the step.
#include <algorithm>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/vectorized.h"
#include "easyrec/workers.h"
#include "features.h"
#include "row_sums.h"
#include "rules.h"
#include "store.h"

namespace easyrec::embedding {

namespace {

/** Where the gradient of a feature's vectors is, row r of the batch at `data + r * width`, and the records of its ids. */
struct Source {
  const float* data;
  int64_t width;
  const int64_t* records;
};

/** What one feature contributes to the sums of one unit. */
struct Contribution {
  const Table& table;
  const Feature& feature;
  const Source& source;
  const Unit& unit;
};

/** `kDim`: of the table, or 0 for any. Returns whether all records are there. */
template <int kDim>
EASYREC_VECTORIZED bool SumRows(const Contribution& part, RowSums& sums) {
  constexpr int64_t kAhead = 12;
  const Feature& feature = part.feature;
  const int64_t dim = kDim == 0 ? feature.dim() : kDim;
  const int64_t size = feature.size();
  const int64_t* const records = part.source.records;
  for (int64_t i = 0; i < size; i++) {
    if (i + kAhead < size) __builtin_prefetch(part.source.data + feature.row(i + kAhead) * part.source.width);
    if (records[i] == RecordNumber::kNone) continue;
    const RecordNumber number(records[i]);
    if (!part.unit.owns(number.shard())) continue;
    if (number.slot() >= part.table.shard(number.shard()).records.size()) return false;
    bool is_new;
    float* __restrict sum = sums.SumOf(number, feature.id(i), is_new);
    const float* __restrict gradient = part.source.data + feature.row(i) * part.source.width;
    const float factor = feature.factor(i);
    if (is_new) {
      for (int64_t d = 0; d < dim; d++) sum[d] = factor * gradient[d];
    } else {
      for (int64_t d = 0; d < dim; d++) sum[d] += factor * gradient[d];
    }
  }
  return true;
}

bool SumFeature(const Contribution& part, RowSums& sums) {
  switch (part.feature.dim()) {
    case 1:
      return SumRows<1>(part, sums);
    case 8:
      return SumRows<8>(part, sums);
    case 16:
      return SumRows<16>(part, sums);
    case 32:
      return SumRows<32>(part, sums);
    default:
      return SumRows<0>(part, sums);
  }
}

class Update {
 public:
  explicit Update(const Construction& construction)
      : attributes_(construction), lookup_sizes_(construction.Ints("lookup_sizes")) {
    int64_t features = 0;
    for (const int64_t size : lookup_sizes_) {
      if (size < 1) throw InvalidArgument("lookup_sizes: expected at least one feature each");
      features += size;
    }
    if (features != static_cast<int64_t>(attributes_.size()) ||
        static_cast<int64_t>(lookup_sizes_.size()) != construction.Int("L")) {
      throw InvalidArgument("lookup_sizes: expected one a lookup, " + std::to_string(attributes_.size()) +
                            " features together");
    }
  }

  void Compute(const Context& context) const {
    Store& store = *attributes_.store;
    int input = 0;
    const float rate = ScalarInput<float>(context, input++, "rate");
    const int lookups = static_cast<int>(lookup_sizes_.size());
    const std::vector<int64_t> rows = BatchSizes(context, input);
    const Batch batch(context, attributes_, rows, input);
    std::vector<Tensor> records;
    std::vector<Tensor> gradients;
    for (int l = 0; l < lookups; l++) records.push_back(context.Input(input + l));
    for (int l = 0; l < lookups; l++) gradients.push_back(context.Input(input + lookups + l));
    const std::vector<Source> sources = SourcesOf(batch, records, gradients);
    const std::unique_lock<std::shared_mutex> lock(store.mutex());
    const std::vector<Unit> units = UnitsOf(batch, attributes_.groups);
    Parallel(static_cast<int64_t>(units.size()), batch.threads(), [&](int64_t u) {
      const Unit& unit = units[static_cast<size_t>(u)];
      const FeatureGroup& group = attributes_.groups[unit.group];
      if (!group.table->trained()) return;
      std::unique_ptr<RowSums> sums = pool_.Take();
      Sum(batch, sources, group, unit, *sums);
      Apply(store, group, *sums, rate);
      pool_.Return(std::move(sums));
    });
    store.EndStep(rate);
  }

 private:
  /** Of each feature: that of its lookup. Moves `input` past the inputs. */
  std::vector<int64_t> BatchSizes(const Context& context, int& input) const {
    std::vector<int64_t> sizes;
    for (const int64_t features : lookup_sizes_) {
      sizes.insert(sizes.end(), static_cast<size_t>(features), BatchSizeInput(context, input++));
    }
    return sizes;
  }

  std::vector<Source> SourcesOf(const Batch& batch, const std::vector<Tensor>& records,
                                const std::vector<Tensor>& gradients) const {
    std::vector<Source> sources;
    size_t f = 0;
    for (size_t l = 0; l < lookup_sizes_.size(); l++) {
      const size_t end = f + static_cast<size_t>(lookup_sizes_[l]);
      int64_t width = 0;
      int64_t ids = 0;
      for (size_t i = f; i < end; i++) {
        width += batch[i].dim();
        ids += batch[i].size();
      }
      const std::vector<int64_t> shape = gradients[l].shape();
      const std::vector<int64_t> expected = {batch[f].batch_size(), width};
      if (shape != expected) {
        throw InvalidArgument("gradients: expected shape " + FormatShape(expected) + ", received " +
                              FormatShape(shape));
      }
      if (records[l].size() != ids) {
        throw InvalidArgument("records: expected one for each of " + std::to_string(ids) + " ids, received " +
                              std::to_string(records[l].size()));
      }
      const float* data = gradients[l].data<float>();
      const int64_t* record = records[l].data<int64_t>();
      for (; f < end; f++) {
        sources.push_back({data, width, record});
        data += batch[f].dim();
        record += batch[f].size();
      }
    }
    return sources;
  }

  void Sum(const Batch& batch, const std::vector<Source>& sources, const FeatureGroup& group, const Unit& unit,
           RowSums& sums) const {
    int64_t ids = 0;
    for (const size_t f : group.features) ids += batch[f].size();
    sums.Clear(ids, group.table->dim());
    for (const size_t f : group.features) {
      if (SumFeature({*group.table, batch[f], sources[f], unit}, sums)) continue;
      throw InvalidArgument("records: the rows of feature \"" + attributes_.names[f] + "\" are no longer in memory");
    }
  }

  static void Apply(const Store& store, const FeatureGroup& group, RowSums& sums, float rate) {
    Table& table = *group.table;
    const MissedSteps* const missed = store.missed(table);
    if (missed != nullptr) CountStep(table, sums, missed->clock());
    std::vector<float*>& records = sums.records();
    records.clear();
    for (const RowSums::Entry& entry : sums.entries()) {
      records.push_back(table.shard(entry.number.shard()).records[entry.number.slot()]);
    }
    if (store.keeper() != nullptr) {
      for (size_t i = 0; i < records.size(); i++) {
        const RecordNumber& number = sums.entries()[i].number;
        store.keeper()->Keep(static_cast<int>(group.table_index), number.shard(), number.slot(), records[i]);
      }
    }
    store.rule().Apply({records.data(), sums.sums(), static_cast<int64_t>(records.size()), table.dim(),
                        table.record_width(), rate});
  }

  /** The touched rows include the step that is about to be done. */
  static void CountStep(Table& table, const RowSums& sums, int32_t clock) {
    constexpr size_t kAhead = 12;
    const std::vector<RowSums::Entry>& entries = sums.entries();
    for (size_t i = 0; i < entries.size(); i++) {
      if (i + kAhead < entries.size()) {
        const RecordNumber& later = entries[i + kAhead].number;
        table.shard(later.shard()).index.PrefetchPlace(later.place());
      }
      const RecordNumber& number = entries[i].number;
      Index& index = table.shard(number.shard()).index;
      IndexEntry* entry = index.At(number.place(), number.slot());
      // The index has grown since the row was looked up.
      if (entry == nullptr) entry = index.Find(entries[i].id, HashOf(entries[i].id));
      if (entry == nullptr || entry->slot != number.slot() || entry->last != clock) {
        throw Error(TF_INTERNAL, "row " + std::to_string(entries[i].id) + " of table " + table.name() +
                                     " was not looked up in this step");
      }
      entry->last = clock + 1;
    }
  }

  FeatureAttributes attributes_;
  std::vector<int64_t> lookup_sizes_;
  mutable RowSumsPool pool_;
};

void NoOutputs(const ShapeContext&) {}

[[maybe_unused]] const bool registered = [] {
  OpDefinition("EasyRecEmbeddingUpdate")
      .Input("rate: float")
      .Input("batch_sizes: L * int32")
      .Input("ids: N * int64")
      .Input("rows: N * int64")
      .Input("weights: N * float")
      .Input("records: L * int64")
      .Input("gradients: L * float")
      .Attribute("store: int")
      .Attribute("features: list(string)")
      .Attribute("tables: list(int)")
      .Attribute("combiners: list(string)")
      .Attribute("optional: list(int) = []")
      .Attribute("lookup_sizes: list(int)")
      .Attribute("N: int >= 1")
      .Attribute("L: int >= 1")
      .Stateful()
      .ShapeFunction<NoOutputs>()
      .Register();
  RegisterKernel<Update>("EasyRecEmbeddingUpdate");
  return true;
}();

}  // namespace

}  // namespace easyrec::embedding
