// Batches of parsed rows, made on two threads of their own: one reads and splits, the other parses.
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

#include "plan.h"
#include "problem.h"
#include "row_blocks.h"
#include "row_parser.h"
#include "rows.h"

namespace easyrec::reader {

/** What one call of `BatchReader::Next` gives. */
struct Batch {
  /** 0: there are no more. */
  int64_t rows = 0;
  /** In the order of the builders; empty without rows. */
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
  explicit BatchReader(Plan plan);
  /** Stops and waits for the threads: about as long as one read takes. */
  ~BatchReader();

  /** The next batch if there is one already, else null. After the last one, null for ever. */
  std::unique_ptr<Batch> Next();
  /** Waits until `Next` will have something, or `milliseconds` have passed, or `Stop`. */
  bool Wait(int64_t milliseconds);
  /** Makes the threads end soon; may be called from any thread. */
  void Stop();

  const RowParser& parser() const { return parser_; }

 private:
  enum class State { kReading, kOver };

  void SplitRows();
  void SplitAll(std::unique_ptr<RowBlock>& block);
  void ParseRows();
  /** Both throw Problem; false when stopped. */
  bool Resume();
  bool ParseAll();
  bool ParseBlock(const RowBlock& block);
  void LeapOverPasses(int64_t& remaining);
  void TakeHeader(int file, std::string_view header);
  bool TakeRow(int file, int64_t line, std::string_view row);
  void AddSkipped(int64_t count);
  /** Moves on; throws Problem when the pass before had no row that fits. */
  void BeginPass(int64_t pass);
  void OpenRows(int64_t pass);
  void Measure(double consumed);
  /** False when stopped. */
  bool Deliver(std::unique_ptr<Problem> problem);

  const Plan plan_;
  const int64_t last_pass_;
  RowParser parser_;
  BlockExchange blocks_;

  // Of the parsing thread.
  std::vector<Layout> layouts_;
  std::vector<std::string> headers_;
  State state_ = State::kReading;
  int64_t pass_ = 0;
  int64_t usable_in_pass_ = 0;
  int64_t skipped_before_pass_ = 0;
  int64_t pending_ = 0;
  int64_t position_ = 0;
  int64_t skipped_ = 0;
  size_t messages_ = 0;
  double fraction_ = 0;
  std::vector<BadRow> bad_rows_;
  std::vector<char> padded_row_;

  // Of the parsing thread until it has resumed, of the splitting thread afterwards.
  std::unique_ptr<RowCursor> rows_;
  int64_t split_pass_ = 0;
  HeaderHandler header_sink_;

  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable ready_changed_;
  std::condition_variable room_changed_;
  std::deque<std::unique_ptr<Batch>> ready_;
  std::thread splitting_;
  std::thread parsing_;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_BATCH_READER_H_
