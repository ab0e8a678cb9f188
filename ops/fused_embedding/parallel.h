// Work of one kernel call on several threads.
#ifndef EASYREC_PARALLEL_H_
#define EASYREC_PARALLEL_H_

#include <cstdint>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace easyrec {

/** Calls `work(i)` for i = 0 … count-1, each on a thread of its own; throws what the first of them threw. */
template <typename Work>
void Parallel(int count, Work&& work) {
  std::vector<std::exception_ptr> errors(static_cast<size_t>(count));
  const auto guarded = [&](int i) {
    try {
      work(i);
    } catch (...) {
      errors[static_cast<size_t>(i)] = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(count));
  int started = 0;
  try {
    for (int i = 1; i < count; i++, started++) threads.emplace_back(guarded, i);
  } catch (const std::system_error&) {
    // No more threads to be had: the rest is done here.
  }
  for (int i = started + 1; i < count; i++) guarded(i);
  if (count > 0) guarded(0);
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

/** How many threads are worth starting for `items` rows. */
inline int ThreadsFor(int64_t items, int64_t most) {
  constexpr int64_t kItemsPerThread = 2048;
  const int64_t useful = items / kItemsPerThread;
  return static_cast<int>(useful < 1 ? 1 : useful < most ? useful : most);
}

/** The i-th of `count` equal parts of [0, size). */
struct Part {
  Part(int64_t size, int i, int count) : begin(size * i / count), end(size * (i + 1) / count) {}
  int64_t begin;
  int64_t end;
};

}  // namespace easyrec

#endif  // EASYREC_PARALLEL_H_
