#include "snapshot.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "easyrec/status.h"

namespace easyrec::embedding {

namespace {

/** Rows that are copied before training may go on: some tenths of a millisecond. */
constexpr int64_t kRowsAtOnce = 1024;

}  // namespace

Snapshot::Snapshot(std::shared_ptr<Store> store) : store_(std::move(store)) {
  const std::unique_lock<std::shared_mutex> lock(store_->mutex());
  if (store_->keeper() != nullptr) throw Error(TF_FAILED_PRECONDITION, "a snapshot of this store is in use");
  store_->Settle();
  store_->Evict();
  for (int index = 0; index < store_->tables(); index++) {
    const Table& table = store_->table(index);
    std::vector<Part>& parts = tables_.emplace_back();
    std::vector<CountedKey>& counted = counted_.emplace_back();
    const int64_t counted_keys = table.counted_keys();
    counted.reserve(static_cast<size_t>(counted_keys));
    for (uint32_t number = 0; number < Table::kShards; number++) {
      const Shard& shard = table.shard(number);
      Part& part = parts.emplace_back(memory_, table.record_floats());
      part.states.assign(static_cast<size_t>(shard.records.size()), kLive);
      for (const int32_t slot : shard.records.free()) part.states[static_cast<size_t>(slot)] = kFree;
      if (counted_keys == 0) continue;
      for (const IndexEntry& entry : shard.index) {
        if (entry.slot == IndexEntry::kFree || entry.has_record()) continue;
        counted.push_back({entry.id, {entry.count(), entry.last}});
      }
    }
  }
  store_->set_keeper(this);
}

Snapshot::~Snapshot() {
  const std::unique_lock<std::shared_mutex> lock(store_->mutex());
  store_->set_keeper(nullptr);
}

int64_t Snapshot::CountRows(int table) const {
  int64_t count = 0;
  for (const Part& part : tables_[static_cast<size_t>(table)]) count += static_cast<int64_t>(part.states.size());
  return count;
}

std::vector<SnapshotRow> Snapshot::FindRows(int index, int64_t first, int64_t end) const {
  std::vector<SnapshotRow> rows;
  for (uint32_t number = 0; number < Table::kShards; number++) {
    const std::shared_lock<std::shared_mutex> lock(store_->mutex());
    const std::vector<int32_t>& states = tables_[static_cast<size_t>(index)][number].states;
    const int32_t size = static_cast<int32_t>(states.size());
    for (const IndexEntry& entry : table(index).shard(number).index) {
      const bool is_there =
          entry.has_record() && entry.slot < size && states[static_cast<size_t>(entry.slot)] != kFree;
      if (is_there && entry.id >= first && entry.id < end) rows.push_back({entry.id, number, entry.slot});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const SnapshotRow& a, const SnapshotRow& b) { return a.id < b.id; });
  return rows;
}

std::vector<int64_t> Snapshot::Split(int index, int64_t ranges) const {
  constexpr int64_t kSamplesPerRange = 64;
  std::vector<int64_t> samples;
  const size_t stride = static_cast<size_t>(std::max<int64_t>(1, CountRows(index) / (kSamplesPerRange * ranges)));
  for (uint32_t number = 0; number < Table::kShards; number++) {
    const std::shared_lock<std::shared_mutex> lock(store_->mutex());
    const Index& entries = table(index).shard(number).index;
    // Entries are in the order of a hash, so every so many of them are a fair sample.
    for (const IndexEntry* entry = entries.begin(); entry < entries.end();) {
      if (entry->has_record()) samples.push_back(entry->id);
      entry += std::min(stride, static_cast<size_t>(entries.end() - entry));
    }
  }
  std::sort(samples.begin(), samples.end());
  std::vector<int64_t> parts;
  for (int64_t i = 1; i < ranges && !samples.empty(); i++) {
    const int64_t id = samples[samples.size() * static_cast<size_t>(i) / static_cast<size_t>(ranges)];
    if (parts.empty() || id > parts.back()) parts.push_back(id);
  }
  return parts;
}

std::vector<CountedKey> Snapshot::TakeCountedKeys(int table) {
  std::vector<CountedKey> keys;
  keys.swap(counted_[static_cast<size_t>(table)]);
  std::sort(keys.begin(), keys.end(), [](const CountedKey& a, const CountedKey& b) { return a.id < b.id; });
  return keys;
}

void Snapshot::Take(int table, const SnapshotRow* rows, int64_t count, float* records) {
  const int64_t width = store_->table(table).record_floats();
  for (int64_t done = 0; done < count; done += kRowsAtOnce) {
    TakeSome(table, rows + done, std::min(kRowsAtOnce, count - done), records + done * width);
  }
}

void Snapshot::TakeSome(int index, const SnapshotRow* rows, int64_t count, float* records) {
  constexpr int64_t kAhead = 8;
  std::vector<Part>& parts = tables_[static_cast<size_t>(index)];
  const std::shared_lock<std::shared_mutex> lock(store_->mutex());
  const Table& source = table(index);
  const size_t width = static_cast<size_t>(source.record_floats());
  for (int64_t i = 0; i < count; i++) {
    if (i + kAhead < count) {
      const SnapshotRow& later = rows[i + kAhead];
      __builtin_prefetch(source.shard(later.shard).records[later.slot]);
    }
    const SnapshotRow& row = rows[i];
    Part& part = parts[row.shard];
    int32_t& state = part.states[static_cast<size_t>(row.slot)];
    const float* record = state == kLive ? source.shard(row.shard).records[row.slot] : part.copies[state];
    std::memcpy(records + static_cast<size_t>(i) * width, record, width * sizeof(float));
    state = kTaken;
  }
}

void Snapshot::Forget(int table) {
  std::vector<Part> forgotten;
  const std::unique_lock<std::shared_mutex> lock(store_->mutex());
  tables_[static_cast<size_t>(table)].swap(forgotten);
}

void Snapshot::Keep(int table, uint32_t shard, int32_t slot, const float* record) {
  std::vector<Part>& parts = tables_[static_cast<size_t>(table)];
  if (parts.empty()) return;
  Part& part = parts[shard];
  const size_t row = static_cast<size_t>(slot);
  if (row >= part.states.size() || part.states[row] != kLive) return;
  const int32_t copy = part.copies.Add();
  const size_t width = static_cast<size_t>(store_->table(table).record_floats());
  std::memcpy(part.copies[copy], record, width * sizeof(float));
  part.states[row] = copy;
}

}  // namespace easyrec::embedding
