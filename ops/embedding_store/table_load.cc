#include "table_load.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>

#include "easyrec/status.h"
#include "easyrec/workers.h"
#include "crc32c.h"
#include "row_list.h"
#include "table_save.h"

namespace easyrec::embedding {

namespace {

constexpr size_t kChunkBytes = size_t{8} << 20;

[[noreturn]] void FailDamaged(const File& file) {
  throw std::runtime_error(file.path() + ": is damaged: its data does not have the CRC it was written with");
}

/** Rows for one go through tensors with that many floats a row. */
int64_t ChunkOf(int64_t width) {
  return std::max<int64_t>(1, static_cast<int64_t>(kChunkBytes / sizeof(float)) / std::max<int64_t>(1, width));
}

/** Reads a component from its first row to the last, whatever parts it is in. */
class ComponentReader {
 public:
  ComponentReader(const Table& table, int component, const std::vector<File>& files)
      : table_(table), width_(table.width(component)), files_(files) {}

  void Add(const StoredPart& part) {
    if (part.first != rows_ || part.rows < 0) throw InvalidArgument("parts leave out rows of " + table_.name());
    rows_ += part.rows;
    parts_.push_back(part);
  }

  bool is_there() const { return !parts_.empty(); }
  int64_t rows() const { return rows_; }
  int64_t width() const { return width_; }

  /** The next rows. */
  const float* Take(int64_t rows) {
    values_.resize(static_cast<size_t>(rows * width_));
    float* to = values_.data();
    while (rows > 0) {
      const StoredPart& part = parts_[next_];
      const File& file = files_[static_cast<size_t>(part.file)];
      if (!reader_) reader_.emplace(file, part.offset);
      const int64_t now = std::min(rows, part.rows - taken_);
      reader_->Take(to, static_cast<size_t>(now * width_) * sizeof(float));
      to += now * width_;
      rows -= now;
      taken_ += now;
      if (taken_ < part.rows) continue;
      if (MaskedCrc32c(reader_->crc()) != part.crc) FailDamaged(file);
      reader_.reset();
      next_++;
      taken_ = 0;
    }
    return values_.data();
  }

 private:
  const Table& table_;
  int64_t width_;
  const std::vector<File>& files_;
  std::vector<StoredPart> parts_;
  int64_t rows_ = 0;
  size_t next_ = 0;
  int64_t taken_ = 0;
  std::optional<TensorReader> reader_;
  std::vector<float> values_;
};

}  // namespace

void LoadAll(Store& store, int index, const std::vector<std::string>& paths, const std::vector<StoredPart>& parts) {
  std::vector<File> files;
  for (const std::string& path : paths) files.push_back(File::Open(path));
  Table& table = store.table(index);
  if (table.unbounded()) throw InvalidArgument(table.name() + " has no number of rows");
  std::vector<ComponentReader> readers;
  for (int i = 0; i < table.components(); i++) readers.emplace_back(table, i, files);
  for (const StoredPart& part : parts) {
    if (part.file < 0 || part.file >= static_cast<int64_t>(files.size())) throw InvalidArgument("there is no such file");
    if (part.component < 0 || part.component >= table.components()) throw InvalidArgument("there is no such component");
    readers[static_cast<size_t>(part.component)].Add(part);
  }
  int64_t width = 0;
  for (const ComponentReader& reader : readers) {
    if (!reader.is_there()) continue;
    if (reader.rows() != table.rows()) throw InvalidArgument("parts leave out rows of " + table.name());
    width += reader.width();
  }
  const int64_t chunk = ChunkOf(width);
  std::vector<const float*> components(readers.size());
  for (int64_t first = 0; first < table.rows(); first += chunk) {
    const int64_t count = std::min(chunk, table.rows() - first);
    for (size_t i = 0; i < readers.size(); i++) components[i] = readers[i].is_there() ? readers[i].Take(count) : nullptr;
    const std::unique_lock<std::shared_mutex> lock(store.mutex());
    table.Write(first, count, components.data(), store.clock(), store.threads());
  }
}

namespace {

/** A tensor of a compact save. */
struct RowsReader {
  RowsReader(const Table& table, const File& file, const StoredRows& tensor)
      : component(tensor.component),
        width(tensor.component < 0 ? 2 : table.width(tensor.component)),
        crc(tensor.crc),
        reader(file, tensor.offset) {}

  void Take(size_t rows) {
    values.resize(rows * static_cast<size_t>(width));
    reader.Take(values.data(), values.size() * sizeof(float));
  }
  /** Of a component below 0. */
  int64_t NumberAt(size_t row) const {
    int64_t number;
    std::memcpy(&number, &values[2 * row], sizeof(number));
    return number;
  }

  int component;
  /** In floats, also of ids. */
  int64_t width;
  uint32_t crc;
  TensorReader reader;
  std::vector<float> values;
};

/** Some rows of a table. */
struct LoadedRows {
  std::vector<int64_t> ids;
  /** By component; null for one that is at its start. */
  std::vector<const float*> columns;
  /** Of an unbounded table. */
  std::vector<RowUse> uses;
};

/** The step and count that a file has, as they can be. */
RowUse UseOf(int64_t count, int64_t step, const Store& store) {
  return {static_cast<int32_t>(std::clamp<int64_t>(count, 0, INT32_MAX)),
          static_cast<int32_t>(std::clamp<int64_t>(step, 0, store.step()))};
}

void WriteRows(Store& store, Table& table, const LoadedRows& rows) {
  const auto& [ids, columns, uses] = rows;
  const std::unique_lock<std::shared_mutex> lock(store.mutex());
  const int32_t clock = store.clock();
  // Computing the weights that a row starts from takes longer than all the rest.
  std::vector<float> start(static_cast<size_t>(table.record_width()));
  table.Start(0, start.data());
  Parallel(Table::kShards, store.threads(), [&](int64_t unit) {
    Shard& shard = table.shard(static_cast<uint32_t>(unit));
    for (size_t i = 0; i < ids.size(); i++) {
      const uint64_t hash = HashOf(ids[i]);
      if (Table::ShardOf(hash) != static_cast<uint32_t>(unit)) continue;
      IndexEntry* entry = shard.index.Find(ids[i], hash);
      if (entry == nullptr) entry = shard.index.Add(ids[i], hash, shard.records.Add(), clock);
      if (!entry->has_record()) entry->slot = shard.records.Add();
      float* record = shard.records[entry->slot];
      std::copy(start.begin(), start.end(), record);
      if (columns[0] == nullptr) table.StartWeights(ids[i], record);
      for (size_t component = 0; component < columns.size(); component++) {
        const size_t width = static_cast<size_t>(table.width(static_cast<int>(component)));
        if (columns[component] != nullptr) std::copy_n(columns[component] + i * width, width, record);
        record += width;
      }
      if (table.unbounded()) table.SetUse(shard.records[entry->slot], uses[i]);
      entry->last = clock;
    }
  });
}

std::vector<RowsReader> ReadersOf(const Table& table, const File& file, const std::vector<StoredRows>& tensors) {
  std::vector<RowsReader> readers;
  for (const StoredRows& tensor : tensors) {
    const bool is_there = tensor.component < table.components() && tensor.component >= SavedTensor::kCountedSteps;
    if (!is_there) throw InvalidArgument("there is no such component");
    readers.emplace_back(table, file, tensor);
  }
  return readers;
}

int64_t ChunkOf(const std::vector<RowsReader>& readers) {
  int64_t width = 0;
  for (const RowsReader& each : readers) width += each.width;
  return ChunkOf(width);
}

void CheckFollows(const Table& table, const std::string& path, int64_t id, int64_t last) {
  if (id > last && id < table.rows()) return;
  throw std::runtime_error(path + ": is damaged: expected ascending rows of " + table.name() + " below " +
                           std::to_string(table.rows()) + ", received " + std::to_string(id) + " after " +
                           std::to_string(last));
}

void CheckIntact(const File& file, const std::vector<RowsReader>& readers) {
  for (const RowsReader& each : readers) {
    if (MaskedCrc32c(each.reader.crc()) != each.crc) FailDamaged(file);
  }
}

}  // namespace

void LoadTouched(Store& store, int index, const std::string& path, int64_t rows,
                 const std::vector<StoredRows>& tensors) {
  const File file = File::Open(path);
  Table& table = store.table(index);
  std::vector<RowsReader> readers = ReadersOf(table, file, tensors);
  const int64_t chunk = ChunkOf(readers);
  LoadedRows loaded;
  int64_t last = -1;
  for (int64_t first = 0; first < rows; first += chunk) {
    const size_t count = static_cast<size_t>(std::min(chunk, rows - first));
    for (RowsReader& each : readers) each.Take(count);
    // The row of no key is nowhere in memory.
    const size_t begin = first == 0 && table.unbounded() ? 1 : 0;
    loaded.ids.assign(count - begin, -1);
    // Where the file says nothing, a row is new.
    loaded.uses.assign(count - begin, {0, store.step()});
    loaded.columns.assign(static_cast<size_t>(table.components()), nullptr);
    for (const RowsReader& each : readers) {
      if (each.component >= 0) {
        const size_t offset = begin * static_cast<size_t>(each.width);
        loaded.columns[static_cast<size_t>(each.component)] = each.values.data() + offset;
        continue;
      }
      for (size_t i = begin; i < count; i++) {
        const int64_t number = each.NumberAt(i);
        RowUse& use = loaded.uses[i - begin];
        if (each.component == SavedTensor::kIds) loaded.ids[i - begin] = number;
        if (each.component == SavedTensor::kCounts) use.count = UseOf(number, 0, store).count;
        if (each.component == SavedTensor::kSteps) use.step = UseOf(0, number, store).step;
      }
    }
    for (const int64_t id : loaded.ids) {
      CheckFollows(table, path, id, last);
      last = id;
    }
    WriteRows(store, table, loaded);
  }
  CheckIntact(file, readers);
}

namespace {

/** Reads rows of a tensor that holds all of a table's, those near each other together. */
class PickedRowsReader {
 public:
  PickedRowsReader(const Table& table, const File& file, const StoredRows& tensor)
      : component(tensor.component),
        width_(table.width(tensor.component)),
        file_(file),
        offset_(tensor.offset),
        expected_(tensor.crc) {}

  /** The rows of these numbers, which ascend and are above those of the calls before. */
  const float* Take(const std::vector<int64_t>& rows) {
    const int64_t row_bytes = width_ * static_cast<int64_t>(sizeof(float));
    values_.resize(rows.size() * static_cast<size_t>(width_));
    for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      for (end = begin + 1; end < rows.size(); end++) {
        const bool is_near = (rows[end] - rows[end - 1]) * row_bytes <= kNear;
        if (!is_near || (rows[end] + 1 - rows[begin]) * row_bytes > kMost) break;
      }
      const int64_t count = rows[end - 1] + 1 - rows[begin];
      buffer_.resize(static_cast<size_t>(count * width_));
      file_.Read(buffer_.data(), static_cast<size_t>(count * row_bytes), offset_ + rows[begin] * row_bytes);
      for (size_t i = begin; i < end; i++) {
        std::copy_n(&buffer_[static_cast<size_t>((rows[i] - rows[begin]) * width_)], width_,
                    &values_[i * static_cast<size_t>(width_)]);
      }
    }
    crc_ = ExtendCrc32c(crc_, values_.data(), values_.size() * sizeof(float));
    return values_.data();
  }

  bool is_intact() const { return MaskedCrc32c(crc_) == expected_; }

  const int component;

 private:
  /** Bytes that are rather read and left out than skipped. */
  static constexpr int64_t kNear = 16 << 10;
  static constexpr int64_t kMost = 1 << 20;

  int64_t width_;
  const File& file_;
  int64_t offset_;
  uint32_t expected_;
  uint32_t crc_ = 0;
  std::vector<float> values_;
  std::vector<float> buffer_;
};

/** The bytes of a list; none where it is not as it was written. */
std::optional<std::vector<uint8_t>> ReadList(const StoredList& list) {
  if (list.bytes < 0) return std::nullopt;
  std::vector<uint8_t> bytes(static_cast<size_t>(list.bytes));
  try {
    File::Open(list.path).Read(bytes.data(), bytes.size(), list.offset);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
  if (MaskedCrc32c(ExtendCrc32c(0, bytes.data(), bytes.size())) != list.crc) return std::nullopt;
  return bytes;
}

}  // namespace

bool LoadListed(Store& store, int index, const std::string& path, const StoredList& list,
                const std::vector<StoredRows>& tensors) {
  Table& table = store.table(index);
  if (table.unbounded()) throw InvalidArgument(table.name() + " has no number of rows");
  const std::optional<std::vector<uint8_t>> bytes = ReadList(list);
  if (!bytes) return false;
  const File file = File::Open(path);
  std::vector<PickedRowsReader> readers;
  int64_t width = 0;
  for (const StoredRows& tensor : tensors) {
    if (tensor.component < 0 || tensor.component >= table.components()) throw InvalidArgument("there is no such component");
    readers.emplace_back(table, file, tensor);
    width += table.width(tensor.component);
  }
  const int64_t chunk = ChunkOf(width);
  RowListReader rows(*bytes);
  LoadedRows loaded;
  loaded.columns.assign(static_cast<size_t>(table.components()), nullptr);
  while (!rows.is_at_end()) {
    loaded.ids.clear();
    while (!rows.is_at_end() && static_cast<int64_t>(loaded.ids.size()) < chunk) {
      loaded.ids.push_back(rows.Take(table.rows()));
    }
    for (PickedRowsReader& each : readers) {
      loaded.columns[static_cast<size_t>(each.component)] = each.Take(loaded.ids);
    }
    WriteRows(store, table, loaded);
  }
  for (const PickedRowsReader& each : readers) {
    if (!each.is_intact()) FailDamaged(file);
  }
  return true;
}

void LoadCounted(Store& store, int index, const std::string& path, int64_t count,
                 const std::vector<StoredRows>& tensors) {
  const File file = File::Open(path);
  Table& table = store.table(index);
  std::vector<RowsReader> readers = ReadersOf(table, file, tensors);
  const int64_t chunk = ChunkOf(readers);
  int64_t last = -1;
  for (int64_t first = 0; first < count; first += chunk) {
    const size_t now = static_cast<size_t>(std::min(chunk, count - first));
    for (RowsReader& each : readers) each.Take(now);
    const std::unique_lock<std::shared_mutex> lock(store.mutex());
    for (size_t i = 0; i < now; i++) {
      int64_t numbers[3] = {-1, 1, store.step()};
      for (const RowsReader& each : readers) {
        numbers[SavedTensor::kCountedKeys - each.component] = each.NumberAt(i);
      }
      CheckFollows(table, path, numbers[0], last);
      last = numbers[0];
      RowUse use = UseOf(numbers[1], numbers[2], store);
      use.count = std::clamp(use.count, 1, INT32_MAX - 1);
      table.SetCount(last, use);
    }
  }
  CheckIntact(file, readers);
}

}  // namespace easyrec::embedding
