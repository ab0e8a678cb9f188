// What a row holds before its first step: a function of (seed, table, row). The random ones are the numbers that
// TensorFlow's StatelessTruncatedNormal and StatelessRandomNormal give for the same seed, for any row alone.
#ifndef EASYREC_INITIAL_VALUES_H_
#define EASYREC_INITIAL_VALUES_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace easyrec::embedding {

/** Of an element of a table in row-major order: rows have up to 63 bits. */
using Position = unsigned __int128;

/** Philox 4x32 of ten rounds (Salmon et al., SC 2011): four random words for each counter. */
class Philox {
 public:
  using Words = std::array<uint32_t, 4>;
  using Key = std::array<uint32_t, 2>;

  Philox() : Philox({0, 0, 0, 0}, {0, 0}) {}
  Philox(const Words& counter, const Key& key) : counter_(counter), key_(key) {}

  /** The generator of TensorFlow's stateless ops for a seed [seed0, seed1]. */
  static Philox OfStatelessSeed(int64_t seed0, int64_t seed1) {
    const auto low = [](int64_t seed) { return static_cast<uint32_t>(seed); };
    const auto high = [](int64_t seed) { return static_cast<uint32_t>(static_cast<uint64_t>(seed) >> 32); };
    const Words mix =
        Philox({low(seed0), high(seed0), low(seed1), high(seed1)}, {0x3ec8f720u, 0x02461e29u}).At(0);
    return Philox({0, 0, mix[2], mix[3]}, {mix[0], mix[1]});
  }

  /** The words `steps` counters after the first one. */
  Words At(Position steps) const {
    const auto half = [&](size_t i) { return static_cast<uint64_t>(counter_[i + 1]) << 32 | counter_[i]; };
    const Position counter = (static_cast<Position>(half(2)) << 64 | half(0)) + steps;
    Words x = {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
               static_cast<uint32_t>(counter >> 64), static_cast<uint32_t>(counter >> 96)};
    Key key = key_;
    for (int round = 0; round < 10; round++) {
      const uint64_t first = 0xD2511F53ull * x[0];
      const uint64_t second = 0xCD9E8D57ull * x[2];
      x = {static_cast<uint32_t>(second >> 32) ^ x[1] ^ key[0], static_cast<uint32_t>(second),
           static_cast<uint32_t>(first >> 32) ^ x[3] ^ key[1], static_cast<uint32_t>(first)};
      key[0] += 0x9E3779B9u;
      key[1] += 0xBB67AE85u;
    }
    return x;
  }

 private:
  Words counter_;
  Key key_;
};

enum class InitialKind { kTruncatedNormal = 0, kNormal = 1, kConstant = 2 };

/** The initial values of one table. */
class InitialValues {
 public:
  /** `values`, of kConstant: in row-major order, the last one repeats. */
  InitialValues(InitialKind kind, double mean, double deviation, std::vector<float> values, int64_t seed0,
                int64_t seed1)
      : kind_(kind),
        mean_(static_cast<float>(mean)),
        deviation_(static_cast<float>(deviation)),
        values_(std::move(values)),
        philox_(Philox::OfStatelessSeed(seed0, seed1)) {}

  /** A row of the table, which is `dim` wide. */
  void FillRow(int64_t row, int64_t dim, float* target) const {
    const Position first = static_cast<Position>(row) * static_cast<Position>(dim);
    if (kind_ == InitialKind::kConstant) {
      const Position last = values_.size() - 1;
      for (int64_t i = 0; i < dim; i++) {
        const Position element = first + static_cast<Position>(i);
        target[i] = values_[static_cast<size_t>(element < last ? element : last)];
      }
      return;
    }
    float group[kGroup];
    for (int64_t i = 0; i < dim;) {
      const Position element = first + static_cast<Position>(i);
      const int64_t offset = static_cast<int64_t>(element % kGroup);
      if (kind_ == InitialKind::kNormal) {
        NormalGroup(element / kGroup, group);
      } else {
        TruncatedGroup(element / kGroup, group);
      }
      const int64_t size = std::min(kGroup - offset, dim - i);
      for (int64_t k = 0; k < size; k++) target[i + k] = Scaled(group[offset + k]);
      i += size;
    }
  }

 private:
  static constexpr int64_t kGroup = 4;
  /** Words that TensorFlow sets aside for each element of a distribution that may throw some away. */
  static constexpr uint64_t kReserved = 256;

  float Scaled(float normal) const {
    const float scaled = normal * deviation_;
    return mean_ == 0 ? scaled : scaled + mean_;
  }

  /** In [0, 1), of 23 random bits. */
  static float Uniform(uint32_t word) {
    const uint32_t bits = (127u << 23) | (word & 0x7fffffu);
    float result;
    std::memcpy(&result, &bits, sizeof(result));
    return result - 1.0f;
  }

  /** Two normal numbers of two words (Box and Muller). */
  static void Normals(uint32_t word0, uint32_t word1, float* result) {
    constexpr float kLeast = 1.0e-7f;
    const float u = std::max(Uniform(word0), kLeast);
    const float angle = static_cast<float>(2.0f * M_PI * Uniform(word1));
    const float radius = std::sqrt(-2.0f * std::log(u));
    sincosf(angle, result, result + 1);
    result[0] *= radius;
    result[1] *= radius;
  }

  void NormalGroup(Position group, float* target) const {
    const Philox::Words words = philox_.At(group);
    Normals(words[0], words[1], target);
    Normals(words[2], words[3], target + 2);
  }

  void TruncatedGroup(Position group, float* target) const {
    constexpr float kMost = 2.0f;
    int found = 0;
    for (Position step = group * kReserved;; step++) {
      const Philox::Words words = philox_.At(step);
      for (size_t pair = 0; pair < 4; pair += 2) {
        float normals[2];
        Normals(words[pair], words[pair + 1], normals);
        for (const float normal : normals) {
          if (std::abs(normal) < kMost) target[found++] = normal;
          if (found == kGroup) return;
        }
      }
    }
  }

  InitialKind kind_;
  float mean_;
  float deviation_;
  std::vector<float> values_;
  Philox philox_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_INITIAL_VALUES_H_
