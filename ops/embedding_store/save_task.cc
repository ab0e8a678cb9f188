#include "save_task.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "crc32c.h"

namespace easyrec::embedding {

SaveTask::SaveTask(std::shared_ptr<Store> store, SaveOptions options)
    : options_(std::move(options)),
      snapshot_(std::make_unique<Snapshot>(store)),
      lists_(static_cast<size_t>(store->tables())) {
  thread_ = std::thread([this] { Run(); });
}

SaveTask::~SaveTask() {
  stopped_ = true;
  thread_.join();
}

bool SaveTask::Wait(int milliseconds) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), [this] { return ended_; });
}

const std::vector<SavedResult>& SaveTask::Results() const {
  if (problem_) std::rethrow_exception(problem_);
  return results_;
}

void SaveTask::Run() {
  try {
    Write(*snapshot_);
  } catch (...) {
    problem_ = std::current_exception();
  }
  snapshot_.reset();
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void SaveTask::Write(Snapshot& snapshot) {
  const File file = File::Create(options_.path);
  std::optional<File> earlier;
  try {
    if (!options_.earlier_path.empty()) earlier.emplace(File::Open(options_.earlier_path));
  } catch (const std::runtime_error&) {
    // Somebody removed it: what it would have told is computed anew.
  }
  std::optional<File> lists;
  if (!options_.lists_path.empty()) lists.emplace(File::Create(options_.lists_path));
  int64_t list_end = 0;
  int64_t size = 0;
  const std::vector<SavedTensor>& tensors = options_.tensors;
  for (size_t begin = 0, end = 0; begin < tensors.size() && !stopped_; begin = end) {
    const int table = tensors[begin].table;
    while (end < tensors.size() && tensors[end].table == table) end++;
    TableSave save(snapshot, file, {tensors.begin() + static_cast<ptrdiff_t>(begin),
                                    tensors.begin() + static_cast<ptrdiff_t>(end)}, stopped_);
    std::optional<SavedWeights> known;
    if (earlier) {
      const EarlierWeights& weights = options_.earlier.at(static_cast<size_t>(table));
      if (weights.offset >= 0) known = {&*earlier, weights.offset, weights.crc};
    }
    RowListWriter touched;
    const std::vector<SavedResult> results =
        WriteTable(save, snapshot.table(table), known ? &*known : nullptr, lists ? &touched : nullptr);
    snapshot.Forget(table);
    if (lists) {
      const std::vector<uint8_t>& bytes = touched.bytes();
      lists->Write(bytes.data(), bytes.size(), list_end);
      list_end += static_cast<int64_t>(bytes.size());
      lists_[static_cast<size_t>(table)] = {static_cast<int64_t>(bytes.size()),
                                            MaskedCrc32c(ExtendCrc32c(0, bytes.data(), bytes.size()))};
    }
    for (size_t i = 0; i < results.size(); i++) {
      size = std::max(size, tensors[begin + i].offset + results[i].rows * save.RowBytes(i));
    }
    results_.insert(results_.end(), results.begin(), results.end());
  }
  // The last bytes may be a hole.
  file.SetSize(size);
}

std::vector<SavedResult> SaveTask::WriteTable(TableSave& save, const Table& table, const SavedWeights* earlier,
                                              RowListWriter* touched) const {
  if (table.unbounded()) return save.WriteKeys();
  return options_.compact ? save.WriteTouched() : save.WriteAll(earlier, touched);
}

}  // namespace easyrec::embedding
