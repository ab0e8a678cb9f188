// EasyRecEmbeddingUpdate: moves the rows that a step looked up, and ends the step.
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/workers.h"
#include "features.h"
#include "gradients.h"
#include "row_sums.h"
#include "rules.h"
#include "store.h"

namespace easyrec::embedding {

namespace {

class Update {
 public:
  explicit Update(const Construction& construction)
      : attributes_(construction), lookup_sizes_(construction, attributes_) {}

  void Compute(const Context& context) const {
    Store& store = *attributes_.store;
    int input = 0;
    const float rate = ScalarInput<float>(context, input++, "rate");
    const float scale = ScalarInput<float>(context, input++, "scale");
    const std::vector<int64_t> sizes = lookup_sizes_.ReadBatchSizes(context, input);
    const Batch batch(context, attributes_, sizes, input);
    const Gradients gradients = lookup_sizes_.Read(context, batch, input);
    const std::unique_lock<std::shared_mutex> lock(store.mutex());
    const std::vector<Unit> units = UnitsOf(batch, attributes_.groups);
    Parallel(static_cast<int64_t>(units.size()), batch.threads(), [&](int64_t u) {
      const Unit& unit = units[static_cast<size_t>(u)];
      const FeatureGroup& group = attributes_.groups[unit.group];
      if (!group.table->trained()) return;
      std::unique_ptr<RowSums> sums = pool_.Take();
      int64_t ids = 0;
      for (const size_t f : group.features) ids += batch[f].size();
      sums->Clear(ids, group.table->dim());
      for (const size_t f : group.features) {
        AddTo(*sums, attributes_.names[f], {*group.table, batch[f], gradients[f], unit, scale});
      }
      Apply(store, group, *sums, rate);
      pool_.Return(std::move(sums));
    });
    store.EndStep(rate);
  }

 private:
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
  LookupSizes lookup_sizes_;
  mutable RowSumsPool pool_;
};

void NoOutputs(const ShapeContext&) {}

[[maybe_unused]] const bool registered = [] {
  OpDefinition op("EasyRecEmbeddingUpdate");
  op.Input("rate: float").Input("scale: float");
  DefineGradients(op)
      .Stateful()
      .ShapeFunction<NoOutputs>()
      .Register();
  RegisterKernel<Update>("EasyRecEmbeddingUpdate");
  return true;
}();

}  // namespace

}  // namespace easyrec::embedding
