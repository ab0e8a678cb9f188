// How the kernels share their work out. Units are parts of a batch whose size depends on the batch alone, and what
// units sum up is added in their order, so no result depends on the number of threads.
#ifndef EASYREC_DENSE_THREADS_H_
#define EASYREC_DENSE_THREADS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "easyrec/op.h"
#include "easyrec/workers.h"

namespace easyrec::dense {

/** Rows [begin, end) of a batch. */
struct Rows {
  int64_t begin;
  int64_t end;
};

/** The parts of a batch, of 64 rows each; the last may have fewer. */
class RowBlocks {
 public:
  explicit RowBlocks(int64_t rows) : rows_(rows) {}

  int64_t count() const { return (rows_ + kRows - 1) / kRows; }
  Rows at(int64_t i) const { return {i * kRows, std::min(rows_, (i + 1) * kRows)}; }

 private:
  static constexpr int64_t kRows = 64;

  int64_t rows_;
};

/** The threads of one kernel: its attribute `threads`, 0 for as many as the machine has cores. */
class Threads {
 public:
  explicit Threads(const Construction& construction) : threads_(construction.Int("threads")) {
    if (threads_ < 0) {
      throw InvalidArgument("threads: expected 0 or more, received " + std::to_string(threads_));
    }
    if (threads_ == 0) threads_ = std::max<int64_t>(1, std::thread::hardware_concurrency());
  }

  /** Calls `work(rows, i)` for each block; on one thread where all of them have fewer than `kWorthwhile` elements. */
  template <typename Work>
  void Run(const RowBlocks& blocks, int64_t elements, const Work& work) const {
    const int threads = elements < kWorthwhile ? 1 : static_cast<int>(threads_);
    Parallel(blocks.count(), threads, [&](int64_t i) { work(blocks.at(i), i); });
  }

 private:
  // About 100 microseconds of work, twice what it takes to wake a thread and to wait for it.
  static constexpr int64_t kWorthwhile = 262144;

  int64_t threads_;
};

}  // namespace easyrec::dense

#endif  // EASYREC_DENSE_THREADS_H_
