#include "easyrec/workers.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace easyrec {

namespace {

/**
 * Numbers too small for a normalised float32 count as 0 as long as it lives, as on TensorFlow's own threads: results
 * would else depend on the thread.
 */
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  static constexpr unsigned kFlushToZero = 0x8000;
  static constexpr unsigned kDenormalsAreZero = 0x0040;
  unsigned before_;
#else
  FlushDenormals() {}
#endif
};

/** The units of one call. */
class Job {
 public:
  Job(int64_t units, int threads, const std::function<void(int64_t)>& work)
      : work_(work), ranges_(static_cast<size_t>(threads)), error_unit_(units) {
    for (size_t i = 0; i < ranges_.size(); i++) {
      const Part part(units, static_cast<int64_t>(i), threads);
      ranges_[i].next.store(part.begin, std::memory_order_relaxed);
      ranges_[i].end = part.end;
    }
  }

  /** Does units until none is left; a call that was ended does nothing. */
  void Help() {
    const FlushDenormals flush;
    size_t own;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (ended_ || joined_ == ranges_.size()) return;
      own = joined_++;
      active_++;
    }
    for (size_t i = 0; i < ranges_.size(); i++) {
      Range& range = ranges_[(own + i) % ranges_.size()];
      while (true) {
        const int64_t unit = range.next.fetch_add(1, std::memory_order_relaxed);
        if (unit >= range.end) break;
        Do(unit);
      }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--active_ == 0) done_.notify_all();
  }

  /** To be called by the thread that waits, after Help: what is still being done is waited for. */
  void End() {
    std::unique_lock<std::mutex> lock(mutex_);
    ended_ = true;
    done_.wait(lock, [this] { return active_ == 0; });
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct alignas(64) Range {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  void Do(int64_t unit) {
    try {
      work_(unit);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (unit < error_unit_) {
        error_unit_ = unit;
        error_ = std::current_exception();
      }
    }
  }

  const std::function<void(int64_t)>& work_;
  std::vector<Range> ranges_;
  std::mutex mutex_;
  std::condition_variable done_;
  size_t joined_ = 0;
  int active_ = 0;
  bool ended_ = false;
  int64_t error_unit_;
  std::exception_ptr error_;
};

/** Threads that wait for jobs, as many as were ever asked for; they end with the process. */
class Pool {
 public:
  static Pool& Get() {
    static Pool* const pool = new Pool();
    return *pool;
  }

  void Offer(const std::shared_ptr<Job>& job, int helpers) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (int i = 0; i < helpers; i++) jobs_.push_back(job);
      while (threads_ < helpers) {
        try {
          std::thread([this] { Serve(); }).detach();
        } catch (const std::system_error&) {
          // No more threads to be had: those that are there, or the caller, do all of it.
          break;
        }
        threads_++;
      }
    }
    if (helpers == 1) {
      waiting_.notify_one();
    } else {
      waiting_.notify_all();
    }
  }

 private:
  [[noreturn]] void Serve() {
    while (true) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        waiting_.wait(lock, [this] { return !jobs_.empty(); });
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job->Help();
    }
  }

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<std::shared_ptr<Job>> jobs_;
  int threads_ = 0;
};

}  // namespace

void Parallel(int64_t units, int threads, const std::function<void(int64_t)>& work) {
  const int useful = static_cast<int>(std::min<int64_t>(threads, units));
  if (useful <= 1) {
    const FlushDenormals flush;
    for (int64_t unit = 0; unit < units; unit++) work(unit);
    return;
  }
  const auto job = std::make_shared<Job>(units, useful, work);
  Pool::Get().Offer(job, useful - 1);
  job->Help();
  job->End();
}

}  // namespace easyrec
