// The random numbers of easyrec/input/random.ts (sfc32), to the last bit.
#ifndef EASYREC_READER_RANDOM_H_
#define EASYREC_READER_RANDOM_H_

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace easyrec::reader {

class Random {
 public:
  Random(int32_t seed, uint32_t stream, uint32_t substream)
      : a_(static_cast<uint32_t>(seed)), b_(stream), c_(substream) {
    for (int round = 0; round < 15; round++) Next();
  }

  uint32_t Next() {
    const uint32_t sum = a_ + b_ + counter_++;
    a_ = b_ ^ (b_ >> 9);
    b_ = c_ + (c_ << 3);
    c_ = ((c_ << 21) | (c_ >> 11)) + sum;
    return sum;
  }

  /** A whole number from 0 to n - 1, for n up to 2^32. */
  size_t Below(size_t n) {
    return static_cast<size_t>(std::floor(Next() / 4294967296.0 * static_cast<double>(n)));
  }

  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i-- > 1;) std::swap(items[i], items[Below(i + 1)]);
  }

 private:
  uint32_t a_;
  uint32_t b_;
  uint32_t c_;
  uint32_t counter_ = 1;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_RANDOM_H_
