#include "store.h"

#include <cstring>
#include <map>
#include <mutex>

#include "easyrec/status.h"
#include "easyrec/workers.h"

namespace easyrec::embedding {

namespace {

/** Rows that one thread reads or writes in one go. */
constexpr int64_t kRowsAtOnce = 4096;

std::vector<uint8_t> PerRow(const std::vector<Slot>& slots) {
  std::vector<uint8_t> per_row;
  for (const Slot& slot : slots) per_row.push_back(slot.per_row ? 1 : 0);
  return per_row;
}

}  // namespace

Table::Table(TableOptions options, const std::vector<Slot>& slots, Memory& memory)
    : memory_(memory), options_(std::move(options)) {
  components_.push_back({0, dim(), 0});
  for (const Slot& slot : slots) {
    const Component& before = components_.back();
    components_.push_back({before.offset + before.width, slot.per_row ? 1 : dim(), slot.initial});
  }
  record_width_ = components_.back().offset + components_.back().width;
  Clear();
}

void Table::Clear() {
  shards_.clear();
  shards_.reserve(kShards);
  for (uint32_t i = 0; i < kShards; i++) shards_.emplace_back(memory_, record_floats());
}

const float* Table::Find(int64_t row) const {
  const uint64_t hash = HashOf(row);
  const Shard& part = shards_[ShardOf(hash)];
  const IndexEntry* entry = part.index.Find(row, hash);
  return entry == nullptr || !entry->has_record() ? nullptr : part.records[entry->slot];
}

void Table::Start(int64_t row, float* record) const {
  StartWeights(row, record);
  for (size_t i = 1; i < components_.size(); i++) {
    std::fill_n(record + components_[i].offset, components_[i].width, components_[i].initial);
  }
}

IndexEntry* Table::Admit(int64_t row, uint64_t hash, IndexEntry* entry, int32_t last, int32_t step) {
  Shard& shard = shards_[ShardOf(hash)];
  const int32_t seen = entry == nullptr ? 0 : entry->count();
  const bool is_admitted = !unbounded() || seen + 1 >= options_.keys->filter_freq;
  const int32_t slot = is_admitted ? shard.records.Add() : IndexEntry::SlotOfCount(seen + 1);
  if (!is_admitted) last = step;
  if (entry == nullptr) {
    entry = shard.index.Add(row, hash, slot, last);
  } else {
    entry->slot = slot;
    entry->last = last;
  }
  if (!is_admitted) return nullptr;
  Start(row, shard.records[slot]);
  if (unbounded()) SetUse(shard.records[slot], {seen, step});
  return entry;
}

void Table::SetCount(int64_t row, const RowUse& use) {
  const uint64_t hash = HashOf(row);
  Index& index = shards_[ShardOf(hash)].index;
  IndexEntry* entry = index.Find(row, hash);
  if (entry == nullptr) entry = index.Add(row, hash, IndexEntry::SlotOfCount(use.count), use.step);
  if (entry->has_record()) throw InvalidArgument("key " + std::to_string(row) + " of table " + name() + " has a row");
  entry->slot = IndexEntry::SlotOfCount(use.count);
  entry->last = use.step;
}

void Table::Evict(uint32_t number, int32_t step) {
  if (!unbounded() || options_.keys->steps_to_live < 1) return;
  Shard& shard = shards_[number];
  shard.index.Evict([&](const IndexEntry& entry) {
    const int32_t used = entry.has_record() ? UseOf(shard.records[entry.slot]).step : entry.last;
    const bool is_evicted = step - used > options_.keys->steps_to_live;
    if (is_evicted && entry.has_record()) shard.records.Free(entry.slot);
    return is_evicted;
  });
}

void Table::Read(int component, int64_t first, int64_t count, float* target, int threads) const {
  const Component& part = components_[static_cast<size_t>(component)];
  Parallel((count + kRowsAtOnce - 1) / kRowsAtOnce, threads, [&](int64_t unit) {
    constexpr int64_t kAhead = 16;
    const int64_t begin = first + unit * kRowsAtOnce;
    const int64_t end = std::min(first + count, begin + kRowsAtOnce);
    for (int64_t row = begin; row < end; row++) {
      const uint64_t later = HashOf(std::min(row, rows() - kAhead) + kAhead);
      shards_[ShardOf(later)].index.Prefetch(later);
      float* to = target + (row - first) * part.width;
      const float* record = Find(row);
      if (record != nullptr) {
        std::memcpy(to, record + part.offset, static_cast<size_t>(part.width) * sizeof(float));
      } else if (component == 0) {
        AbsentWeights(row, to);
      } else {
        std::fill_n(to, part.width, part.initial);
      }
    }
  });
}

void Table::Write(int64_t first, int64_t count, const float* const* components, int32_t last, int threads) {
  const uint32_t parts = static_cast<uint32_t>(std::min<int64_t>(kShards, count < kRowsAtOnce ? 1 : threads));
  Parallel(parts, threads, [&](int64_t part) {
    WriteShards(first, count, components, last, static_cast<uint32_t>(part), parts);
  });
}

void Table::WriteShards(int64_t first, int64_t count, const float* const* components, int32_t last, uint32_t part,
                        uint32_t parts) {
  std::vector<float> start(static_cast<size_t>(record_width_));
  std::vector<float> record(start.size());
  const size_t bytes = start.size() * sizeof(float);
  for (int64_t row = first; row < first + count; row++) {
    const uint64_t hash = HashOf(row);
    const uint32_t number = ShardOf(hash);
    if (number % parts != part) continue;
    Start(row, start.data());
    record = start;
    for (size_t i = 0; i < components_.size(); i++) {
      const Component& component = components_[i];
      if (components[i] == nullptr) continue;
      std::memcpy(&record[static_cast<size_t>(component.offset)], components[i] + (row - first) * component.width,
                  static_cast<size_t>(component.width) * sizeof(float));
    }
    Shard& shard = shards_[number];
    IndexEntry* entry = shard.index.Find(row, hash);
    if (entry == nullptr) {
      if (std::memcmp(start.data(), record.data(), bytes) == 0) continue;
      entry = shard.index.Add(row, hash, shard.records.Add(), last);
    }
    entry->last = last;
    std::memcpy(shard.records[entry->slot], record.data(), bytes);
  }
}

int64_t Table::rows_in_memory() const {
  int64_t rows = 0;
  for (const Shard& shard : shards_) {
    rows += shard.records.size() - static_cast<int64_t>(shard.records.free().size());
  }
  return rows;
}

int64_t Table::counted_keys() const {
  int64_t entries = 0;
  for (const Shard& shard : shards_) entries += static_cast<int64_t>(shard.index.size());
  return entries - rows_in_memory();
}

int64_t Table::bytes() const {
  size_t bytes = 0;
  for (const Shard& shard : shards_) {
    bytes += shard.records.bytes() + shard.index.bytes();
  }
  return static_cast<int64_t>(bytes);
}

Store::Store(const StoreOptions& options)
    : rule_(options.rule, options.parameters, static_cast<int>(options.slots.size()), PerRow(options.slots)),
      slots_(options.slots),
      threads_(options.threads) {
  if (threads_ < 1) throw InvalidArgument("threads: expected at least 1, received " + std::to_string(threads_));
  if (rule_.every_step()) missed_.emplace(rule_.adam());
}

Table& Store::table(int64_t index) {
  if (index < 0 || index >= tables()) {
    throw InvalidArgument("expected a table from 0 to " + std::to_string(tables() - 1) + ", received " +
                          std::to_string(index));
  }
  return *tables_[static_cast<size_t>(index)];
}

int Store::AddTable(TableOptions options) {
  int64_t elements = 0;
  const bool is_too_large = !options.keys && __builtin_mul_overflow(options.rows, options.dim, &elements);
  if (options.rows < 1 || options.dim < 1 || is_too_large) {
    throw InvalidArgument("table " + options.name + ": expected at least one row and one column, received [" +
                          std::to_string(options.rows) + "," + std::to_string(options.dim) + "]");
  }
  tables_.push_back(std::make_unique<Table>(std::move(options), slots_, memory_));
  return tables() - 1;
}

void Store::SetTrained(int64_t index, bool trained) {
  Table& changed = table(index);
  if (changed.trained() == trained) return;
  Settle();
  changed.set_trained(trained);
}

void Store::EndStep(float rate) {
  step_++;
  if (!missed_) return;
  missed_->EndStep(rate);
  if (missed_->clock() >= MissedSteps::kMostSteps) Settle();
}

void Store::Settle() {
  if (!missed_ || missed_->clock() == 0) return;
  Parallel(static_cast<int64_t>(tables()) * Table::kShards, threads_, [&](int64_t unit) {
    const int index = static_cast<int>(unit / Table::kShards);
    Table& settled = table(index);
    const uint32_t number = static_cast<uint32_t>(unit % Table::kShards);
    const MissedSteps* steps = missed(settled);
    Shard& shard = settled.shard(number);
    const IndexEntry* const end = shard.index.end();
    for (IndexEntry& entry : shard.index) {
      constexpr int64_t kAhead = 8;
      const IndexEntry* const later = &entry + kAhead;
      if (later < end && later->has_record()) __builtin_prefetch(shard.records[later->slot], 1);
      if (!entry.has_record()) continue;
      if (steps != nullptr && entry.last != steps->clock()) {
        float* record = shard.records[entry.slot];
        if (keeper_ != nullptr) keeper_->Keep(index, number, entry.slot, record);
        steps->CatchUp(record, settled.dim(), entry.last);
      }
      entry.last = 0;
    }
  });
  missed_->StartAgain();
}

void Store::Evict() {
  Parallel(static_cast<int64_t>(tables()) * Table::kShards, threads_, [&](int64_t unit) {
    table(unit / Table::kShards).Evict(static_cast<uint32_t>(unit % Table::kShards), step_);
  });
}

void Store::Reset() {
  for (const std::unique_ptr<Table>& table : tables_) table->Clear();
  if (missed_) missed_->StartAgain();
}

namespace {

struct Registry {
  /** Kernels may go away after all static objects did, so it stays. */
  static Registry& Get() {
    static Registry* const registry = new Registry();
    return *registry;
  }

  std::mutex mutex;
  int64_t next = 1;
  std::map<int64_t, std::shared_ptr<Store>> stores;
};

}  // namespace

int64_t Register(std::shared_ptr<Store> store) {
  Registry& registry = Registry::Get();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const int64_t number = registry.next++;
  registry.stores.emplace(number, std::move(store));
  return number;
}

std::shared_ptr<Store> FindStore(int64_t number) {
  Registry& registry = Registry::Get();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const auto found = registry.stores.find(number);
  if (found == registry.stores.end()) {
    throw InvalidArgument("there is no embedding store " + std::to_string(number));
  }
  return found->second;
}

void Unregister(int64_t number) {
  Registry& registry = Registry::Get();
  std::shared_ptr<Store> freed;
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const auto found = registry.stores.find(number);
  if (found == registry.stores.end()) return;
  freed = std::move(found->second);
  registry.stores.erase(found);
}

}  // namespace easyrec::embedding
