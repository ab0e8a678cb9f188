// Writes the tables of a store into a data file of a checkpoint, on a thread of its own beside training.
#ifndef EASYREC_SAVE_TASK_H_
#define EASYREC_SAVE_TASK_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "snapshot.h"
#include "table_save.h"
#include "tensor_file.h"

namespace easyrec::embedding {

/** Where an earlier save has the weights of a table. */
struct EarlierWeights {
  /** Below 0 where it has none. */
  int64_t offset;
  uint32_t crc;
};

/** A list of rows in a file, as row_list.h has it. */
struct SavedList {
  int64_t bytes = 0;
  /** Masked. */
  uint32_t crc = 0;
};

struct SaveOptions {
  std::string path;
  /** Those of one table stand together. */
  std::vector<SavedTensor> tensors;
  /** Whether only rows are written that are not at their start. */
  bool compact;
  /** The data file of an earlier save of the same store; may be empty. */
  std::string earlier_path;
  /** Of each table. */
  std::vector<EarlierWeights> earlier;
  /** Where rows go that are not at their start, of tables whose rows are all written; may be empty. */
  std::string lists_path;
};

class SaveTask {
 public:
  /** Takes the snapshot; the rest happens on the other thread. */
  SaveTask(std::shared_ptr<Store> store, SaveOptions options);
  /** Ends early. */
  ~SaveTask();

  /** Waits until it has ended, for some time; tells whether it has. */
  bool Wait(int milliseconds);
  /** One a tensor, once it has ended; throws what it failed with. */
  const std::vector<SavedResult>& Results() const;
  /** Of each table, in the order in which the file has them, which is that of the tensors. */
  const std::vector<SavedList>& lists() const { return lists_; }

 private:
  void Run();
  void Write(Snapshot& snapshot);
  std::vector<SavedResult> WriteTable(TableSave& save, const Table& table, const SavedWeights* earlier,
                                      RowListWriter* touched) const;

  SaveOptions options_;
  std::unique_ptr<Snapshot> snapshot_;
  std::vector<SavedResult> results_;
  std::vector<SavedList> lists_;
  std::exception_ptr problem_;
  std::atomic<bool> stopped_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_SAVE_TASK_H_
