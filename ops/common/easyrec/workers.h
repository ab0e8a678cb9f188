// Threads of this library that take part in the work of a call.
#ifndef EASYREC_WORKERS_H_
#define EASYREC_WORKERS_H_

#include <cstdint>
#include <functional>

namespace easyrec {

/** The i-th of `count` equal parts of [0, size). */
struct Part {
  Part(int64_t size, int64_t i, int64_t count) : begin(size * i / count), end(size * (i + 1) / count) {}
  int64_t begin;
  int64_t end;
};

/**
 * Calls `work(unit)` once for each unit of [0, units), on the calling thread and on up to `threads - 1` others, and
 * returns when all have ended; throws what the unit of the lowest number threw. Each thread begins with a range of
 * units of its own, in order, and then helps the others.
 */
void Parallel(int64_t units, int threads, const std::function<void(int64_t)>& work);

}  // namespace easyrec

#endif  // EASYREC_WORKERS_H_
