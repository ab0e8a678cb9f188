// Batches of rows, made on a thread of their own: what all readers have in common.
#ifndef EASYREC_READER_BATCH_READER_H_
#define EASYREC_READER_BATCH_READER_H_

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "batch_columns.h"
#include "plan.h"
#include "problem.h"

namespace easyrec::reader {

/** What one call of `BatchReader::Next` gives. */
struct Batch {
  /** 0: there are no more. */
  int64_t rows = 0;
  /** In the order of `BatchReader::types`; empty without rows. */
  std::vector<PooledBlock> columns;
  /** Counts up to here, as in reader.ts. */
  int64_t position = 0;
  int64_t skipped = 0;
  double fraction = 0;
  /** The first bad rows since the batch before, as far as messages of them are kept. */
  std::vector<BadRow> bad_rows;
  /** Why there are no more; null where the data simply ended. */
  std::unique_ptr<Problem> problem;
};

class BatchReader {
 public:
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;
  /** Whoever derives from this calls `Stop` and `Join` in the destructor. */
  virtual ~BatchReader() = default;

  /** The next batch if there is one already, else null. After the last one, null for ever. */
  std::unique_ptr<Batch> Next();
  /** Waits until `Next` will have something, or `milliseconds` have passed, or `Stop`. */
  bool Wait(int64_t milliseconds);
  /** Makes the threads end soon; may be called from any thread. */
  void Stop();

  const std::vector<ElementType>& types() const { return columns_.types(); }

 protected:
  explicit BatchReader(Plan plan);

  /** Begins to read. */
  void Start();
  /** Waits until the thread has ended: about as long as one read takes. */
  void Join();

  /** Reads everything, on the thread; false when stopped. Throws Problem. */
  virtual bool ReadAll() = 0;
  /** Wakes what waits for something else than room; from any thread, more than once. */
  virtual void OnStop() = 0;

  // For the reading thread. All of them may throw Problem.

  bool is_over() const { return pass_ > last_pass_; }
  /** Counts a row that fits; true when the batch is full. */
  bool CountRow();
  void AddBadRow(BadRow row);
  void AddSkipped(int64_t count);
  /** Moves on; throws when the pass before had no row that fits. */
  void BeginPass(int64_t pass);
  /** At the start of a pass, to come to row `remaining`: goes on to the pass in which it lies, all passes being alike. */
  void Leap(int64_t rows_of_pass, int64_t skipped_of_pass, int64_t& remaining);
  void Measure(double consumed);
  /** The rows so far as a batch; false when stopped. */
  bool Deliver();
  /** Whether messages of further bad rows are wanted. */
  bool KeepsBadRows() const;

  const Plan plan_;
  const int64_t last_pass_;
  std::atomic<bool> stopped_{false};
  BatchColumns columns_;
  int64_t pass_ = 0;
  int64_t usable_in_pass_ = 0;
  int64_t skipped_before_pass_ = 0;
  /** Rows of the batch that is being filled. */
  int64_t pending_ = 0;
  int64_t position_ = 0;
  int64_t skipped_ = 0;

 private:
  void Run();
  bool Put(std::unique_ptr<Batch> batch);

  size_t messages_ = 0;
  double fraction_ = 0;
  std::vector<BadRow> bad_rows_;

  std::mutex mutex_;
  std::condition_variable ready_changed_;
  std::condition_variable room_changed_;
  std::deque<std::unique_ptr<Batch>> ready_;
  std::thread thread_;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_BATCH_READER_H_
