#include "table_save.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "easyrec/status.h"
#include "crc32c.h"

namespace easyrec::embedding {

namespace {

constexpr size_t kChunkBytes = size_t{4} << 20;
/** Rows in memory whose places are looked up in one go, if ids are spread evenly. */
constexpr int64_t kFoundAtOnce = int64_t{1} << 20;

/** Goes through a table's rows in ranges with some `kFoundAtOnce` rows in memory each. */
template <typename Visit>
void ForEachRange(const Snapshot& snapshot, int index, Visit&& visit) {
  const int64_t rows = snapshot.table(index).rows();
  const int64_t ranges = std::min(rows, 1 + snapshot.CountRows(index) / kFoundAtOnce);
  if (snapshot.table(index).unbounded()) {
    // Their ids may be anywhere.
    int64_t first = 0;
    for (const int64_t end : snapshot.Split(index, ranges)) {
      visit(first, end, snapshot.FindRows(index, first, end));
      first = end;
    }
    visit(first, rows, snapshot.FindRows(index, first, rows));
    return;
  }
  for (int64_t i = 0; i < ranges; i++) {
    const int64_t first = static_cast<int64_t>(static_cast<__int128>(rows) * i / ranges);
    const int64_t end = static_cast<int64_t>(static_cast<__int128>(rows) * (i + 1) / ranges);
    visit(first, end, snapshot.FindRows(index, first, end));
  }
}

}  // namespace

TableSave::TableSave(Snapshot& snapshot, const File& file, const std::vector<SavedTensor>& tensors,
                     const std::atomic<bool>& stopped)
    : snapshot_(snapshot),
      table_(snapshot.table(tensors.front().table)),
      index_(tensors.front().table),
      stopped_(stopped),
      record_floats_(static_cast<size_t>(table_.record_floats())),
      start_(record_floats_) {
  size_t width = record_floats_;
  for (const SavedTensor& tensor : tensors) {
    if (tensor.component >= table_.components()) throw InvalidArgument("there is no such component of " + table_.name());
    size_t offset = 0;
    for (int i = 0; i < tensor.component; i++) offset += static_cast<size_t>(table_.width(i));
    const size_t of_row = tensor.component < 0 ? sizeof(int64_t) / sizeof(float)
                                               : static_cast<size_t>(table_.width(tensor.component));
    columns_.push_back({tensor.component, offset, of_row, {}, TensorWriter(file, tensor.offset)});
    width += of_row;
  }
  chunk_ = static_cast<int64_t>(std::max<size_t>(1, kChunkBytes / (width * sizeof(float))));
  for (Column& column : columns_) column.values.resize(static_cast<size_t>(chunk_) * column.width);
  records_.resize(static_cast<size_t>(chunk_) * record_floats_);
  table_.Start(0, start_.data());
}

std::vector<SavedResult> TableSave::WriteAll(const SavedWeights* earlier, RowListWriter* touched) {
  const bool weights_known = earlier != nullptr && IsIntact(*earlier);
  ForEachRange(snapshot_, index_, [&](int64_t begin, int64_t end, const std::vector<SnapshotRow>& found) {
    size_t next = 0;
    for (int64_t first = begin; first < end && !stopped_; first += chunk_) {
      const int64_t count = std::min(chunk_, end - first);
      const size_t taken = next;
      while (next < found.size() && found[next].id < first + count) next++;
      snapshot_.Take(index_, found.data() + taken, static_cast<int64_t>(next - taken), records_.data());
      for (Column& column : columns_) {
        if (column.component != 0 || !weights_known) continue;
        const size_t row = column.width * sizeof(float);
        earlier->file->Read(column.values.data(), static_cast<size_t>(count) * row,
                            earlier->offset + first * static_cast<int64_t>(row));
      }
      size_t at = taken;
      for (int64_t row = first; row < first + count; row++) {
        const size_t place = static_cast<size_t>(row - first);
        if (at == next || found[at].id != row) {
          SetUntouched(row, place, weights_known);
          continue;
        }
        const float* record = records_.data() + (at++ - taken) * record_floats_;
        const bool is_listed = touched != nullptr && !IsAtStart(row, record);
        if (is_listed) touched->Add(row);
        for (Column& column : columns_) {
          const size_t bytes = column.width * sizeof(float);
          std::memcpy(&column.values[place * column.width], record + column.offset, bytes);
          if (is_listed) column.listed_crc = ExtendCrc32c(column.listed_crc, record + column.offset, bytes);
        }
      }
      Append(static_cast<size_t>(count));
    }
  });
  return Results();
}

std::vector<SavedResult> TableSave::WriteTouched() {
  ForEachRange(snapshot_, index_, [&](int64_t, int64_t, const std::vector<SnapshotRow>& found) {
    for (size_t first = 0; first < found.size() && !stopped_; first += static_cast<size_t>(chunk_)) {
      const size_t count = std::min(static_cast<size_t>(chunk_), found.size() - first);
      snapshot_.Take(index_, found.data() + first, static_cast<int64_t>(count), records_.data());
      size_t place = 0;
      for (size_t i = 0; i < count; i++) {
        const int64_t row = found[first + i].id;
        const float* record = records_.data() + i * record_floats_;
        if (IsAtStart(row, record)) continue;
        for (Column& column : columns_) {
          float* to = &column.values[place * column.width];
          if (column.component == SavedTensor::kIds) {
            std::memcpy(to, &row, sizeof(row));
          } else {
            std::memcpy(to, record + column.offset, column.width * sizeof(float));
          }
        }
        place++;
      }
      Append(place);
    }
  });
  return Results();
}

std::vector<SavedResult> TableSave::WriteKeys() {
  SetKey(0, -1, nullptr);
  Append(1);
  ForEachRange(snapshot_, index_, [&](int64_t, int64_t, const std::vector<SnapshotRow>& found) {
    for (size_t first = 0; first < found.size() && !stopped_; first += static_cast<size_t>(chunk_)) {
      const size_t count = std::min(static_cast<size_t>(chunk_), found.size() - first);
      snapshot_.Take(index_, found.data() + first, static_cast<int64_t>(count), records_.data());
      for (size_t i = 0; i < count; i++) SetKey(i, found[first + i].id, records_.data() + i * record_floats_);
      Append(count);
    }
  });
  const std::vector<CountedKey> counted = snapshot_.TakeCountedKeys(index_);
  for (size_t first = 0; first < counted.size() && !stopped_; first += static_cast<size_t>(chunk_)) {
    const size_t count = std::min(static_cast<size_t>(chunk_), counted.size() - first);
    for (Column& column : columns_) {
      if (!column.is_counted()) continue;
      for (size_t i = 0; i < count; i++) {
        const CountedKey& key = counted[first + i];
        const bool is_step = column.component == SavedTensor::kCountedSteps;
        column.SetNumber(i, column.component == SavedTensor::kCountedKeys ? key.id
                            : is_step                                     ? key.use.step
                                                                          : key.use.count);
      }
    }
    Append(count, true);
  }
  return Results();
}

void TableSave::SetKey(size_t place, int64_t id, const float* record) {
  const RowUse use = record == nullptr ? RowUse{0, 0} : table_.UseOf(record);
  for (Column& column : columns_) {
    if (column.is_counted()) continue;
    if (column.component == SavedTensor::kIds) {
      column.SetNumber(place, id);
    } else if (column.component == SavedTensor::kCounts) {
      column.SetNumber(place, use.count);
    } else if (column.component == SavedTensor::kSteps) {
      column.SetNumber(place, use.step);
    } else if (record == nullptr) {
      std::fill_n(&column.values[place * column.width], column.width, 0.0f);
    } else {
      std::memcpy(&column.values[place * column.width], record + column.offset, column.width * sizeof(float));
    }
  }
}

bool TableSave::IsIntact(const SavedWeights& earlier) const {
  std::vector<char> buffer(kChunkBytes);
  TensorReader reader(*earlier.file, earlier.offset);
  size_t left = static_cast<size_t>(table_.rows()) * static_cast<size_t>(table_.dim()) * sizeof(float);
  try {
    while (left > 0 && !stopped_) {
      const size_t size = std::min(left, buffer.size());
      reader.Take(buffer.data(), size);
      left -= size;
    }
  } catch (const std::runtime_error&) {
    // Somebody cut it off: what it would have told is computed anew.
    return false;
  }
  return MaskedCrc32c(reader.crc()) == earlier.crc;
}

void TableSave::SetUntouched(int64_t row, size_t at, bool weights_known) {
  for (Column& column : columns_) {
    float* to = &column.values[at * column.width];
    if (column.component == 0) {
      if (weights_known) continue;
      table_.Start(row, start_.data());
    }
    std::memcpy(to, &start_[column.offset], column.width * sizeof(float));
  }
}

bool TableSave::IsAtStart(int64_t row, const float* record) {
  const size_t weights = static_cast<size_t>(table_.dim());
  const size_t rest = (record_floats_ - weights) * sizeof(float);
  if (rest > 0 && std::memcmp(record + weights, &start_[weights], rest) != 0) return false;
  table_.Start(row, start_.data());
  return std::memcmp(record, start_.data(), weights * sizeof(float)) == 0;
}

void TableSave::Append(size_t rows, bool counted) {
  for (Column& column : columns_) {
    if (column.is_counted() != counted) continue;
    column.writer.Append(column.values.data(), rows * column.width * sizeof(float));
    column.written += static_cast<int64_t>(rows);
  }
}

std::vector<SavedResult> TableSave::Results() const {
  std::vector<SavedResult> results;
  for (const Column& column : columns_) {
    results.push_back({MaskedCrc32c(column.writer.crc()), column.written, MaskedCrc32c(column.listed_crc)});
  }
  return results;
}

}  // namespace easyrec::embedding
