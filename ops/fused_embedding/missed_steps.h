// The steps of Adam that a row of a table missed: TensorFlow's Adam moves every row at every step, by its momentum
// alone where the gradient is 0. A row is brought up to date when it is next read.
//
// With m and v as the last step s with a gradient left them, step s+k (k = 1 … K, rate a_k) moves the row by
//
//     a_k b1^k m / (sqrt(b2)^k sqrt(v) + eps)
//
// The terms fade as (b1/sqrt(b2))^k, so only the first `fade` ones count. All of them have the form
// c_k / (y_k sqrt(v) + eps) with y_k = sqrt(b2)^k in [sqrt(b2)^fade, 1], a function of y whose only pole is at
// -eps/sqrt(v), below 0 and far from that interval. Interpolated at a few Chebyshev nodes it differs from itself by
// less than kPrecision, relative, so that the K terms become one for each node, with factors that depend on s and K
// alone and are the same for all rows.
#ifndef EASYREC_MISSED_STEPS_H_
#define EASYREC_MISSED_STEPS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "tables.h"
#include "vectorized.h"

namespace easyrec {

struct AdamConstants {
  explicit AdamConstants(const Construction& construction)
      : beta1(construction.Float("beta1")),
        beta2(construction.Float("beta2")),
        epsilon(construction.Float("epsilon")) {}

  float beta1;
  float beta2;
  float epsilon;
};

/** Moves `dim` elements by the steps that `nodes` pairs of (position, factor) stand for, and lets m and v fade. */
EASYREC_VECTORIZED
inline void MoveRow(float* weights, float* m, float* v, int64_t dim, const float* positions, const float* factors,
                    int nodes, float fade_m, float fade_v, float epsilon) {
  // In blocks that fit into registers: the nodes are the outer loop, so that the inner ones are vectorised.
  constexpr int64_t kBlock = 16;
  for (int64_t begin = 0; begin < dim; begin += kBlock) {
    float roots[kBlock] = {};
    float sums[kBlock] = {};
    const int64_t size = std::min(kBlock, dim - begin);
    if (size == kBlock) {
      for (int64_t d = 0; d < kBlock; d++) roots[d] = std::sqrt(v[begin + d]);
    } else {
      for (int64_t d = 0; d < size; d++) roots[d] = std::sqrt(v[begin + d]);
    }
    if (size == 1) {
      for (int i = 0; i < nodes; i++) sums[0] += factors[i] / (positions[i] * roots[0] + epsilon);
    } else {
      for (int i = 0; i < nodes; i++) {
        for (int64_t d = 0; d < kBlock; d++) sums[d] += factors[i] / (positions[i] * roots[d] + epsilon);
      }
    }
    for (int64_t d = 0; d < size; d++) {
      weights[begin + d] -= m[begin + d] * sums[d];
      m[begin + d] *= fade_m;
      v[begin + d] *= fade_v;
    }
  }
}

/** What is the same for all calls of an op: the nodes, and how each missed step contributes to their factors. */
class FadingSteps {
 public:
  explicit FadingSteps(const AdamConstants& adam) : adam_(adam) {
    const double beta1 = adam.beta1;
    const double root = std::sqrt(static_cast<double>(adam.beta2));
    const double ratio = beta1 / root;
    if (!(beta1 >= 0 && root > 0 && root < 1 && ratio < 1)) {
      throw InvalidArgument("beta1, beta2: expected 0 <= beta1 < sqrt(beta2) < 1");
    }
    fade_ = ratio == 0 ? 1
                       : std::max(1, static_cast<int>(std::ceil(std::log(kPrecision * (1 - ratio)) /
                                                                std::log(ratio))));
    const double low = std::pow(root, fade_);
    const double centre = (1 + low) / (1 - low);
    const double rho = centre + std::sqrt(centre * centre - 1);
    count_ = static_cast<int>(std::ceil(std::log(8 / kPrecision) / std::log(rho)));
    if (count_ > kMostNodes) throw InvalidArgument("beta1, beta2: missed steps fade too slowly");
    std::vector<double> nodes(static_cast<size_t>(count_));
    for (int i = 0; i < count_; i++) {
      const double angle = std::acos(-1.0) * (2 * i + 1) / (2.0 * count_);
      nodes[static_cast<size_t>(i)] = (1 + low) / 2 + (1 - low) / 2 * std::cos(angle);
      positions_[i] = static_cast<float>(nodes[static_cast<size_t>(i)]);
    }
    basis_.resize(static_cast<size_t>(fade_ * count_));
    for (int k = 1; k <= fade_; k++) {
      const double y = std::pow(root, k);
      for (int i = 0; i < count_; i++) {
        double value = std::pow(beta1, k);
        for (int j = 0; j < count_; j++) {
          if (j == i) continue;
          const double other = nodes[static_cast<size_t>(j)];
          value *= (y - other) / (nodes[static_cast<size_t>(i)] - other);
        }
        basis_[static_cast<size_t>((k - 1) * count_ + i)] = value;
      }
    }
  }

  static constexpr int kMostNodes = 24;

  const AdamConstants& adam() const { return adam_; }
  /** After how many steps a row has come to rest. */
  int fade() const { return fade_; }
  int count() const { return count_; }
  const float* positions() const { return positions_; }
  /** What step k (from 1) contributes to the factors of the nodes, for a rate of 1. */
  const double* basis(int k) const { return &basis_[static_cast<size_t>((k - 1) * count_)]; }

 private:
  static constexpr double kPrecision = 1e-9;

  AdamConstants adam_;
  int fade_;
  int count_;
  float positions_[kMostNodes];
  std::vector<double> basis_;
};

/** Brings rows up to date with a step count; for one thread and one call of an op. */
class MissedSteps {
 public:
  /** `rates` is a ring: the rate of step j (from 0) is at j modulo its size. */
  MissedSteps(const FadingSteps& steps, int32_t clock, const float* rates, int64_t capacity)
      : steps_(steps), clock_(clock), rates_(rates), capacity_(capacity) {}

  bool IsBehind(const Table& table, int64_t row) const { return table.last[row] != clock_; }

  void CatchUp(const Table& table, int64_t row) {
    const int32_t last = table.last[row];
    if (last == clock_) return;
    const int64_t gap = static_cast<int64_t>(clock_) - last;
    if (gap < 0 || gap > capacity_) {
      throw Error(TF_INTERNAL, "row " + std::to_string(row) + " includes " + std::to_string(last) + " steps of " +
                                   std::to_string(clock_) + ": only the last " + std::to_string(capacity_) +
                                   " are remembered");
    }
    const Factors& factors = FactorsOf(gap);
    const int64_t offset = row * table.dim;
    MoveRow(table.weights + offset, table.slots[0] + offset, table.slots[1] + offset, table.dim,
            steps_.positions(), factors.values, steps_.count(), factors.fade_m, factors.fade_v,
            steps_.adam().epsilon);
    table.last[row] = clock_;
  }

 private:
  struct Factors {
    float values[FadingSteps::kMostNodes];
    float fade_m;
    float fade_v;
  };

  const Factors& FactorsOf(int64_t gap) {
    const size_t index = static_cast<size_t>(gap);
    if (index >= known_.size()) known_.resize(std::max(index + 1, 2 * known_.size()), -1);
    if (known_[index] < 0) {
      known_[index] = static_cast<int32_t>(factors_.size());
      factors_.push_back(Compute(gap));
    }
    return factors_[static_cast<size_t>(known_[index])];
  }

  Factors Compute(int64_t gap) const {
    double sums[FadingSteps::kMostNodes] = {};
    const int64_t count = std::min<int64_t>(gap, steps_.fade());
    for (int64_t k = 1; k <= count; k++) {
      const double rate = rates_[(clock_ - gap + k - 1) % capacity_];
      const double* basis = steps_.basis(static_cast<int>(k));
      for (int i = 0; i < steps_.count(); i++) sums[i] += rate * basis[i];
    }
    Factors factors;
    for (int i = 0; i < steps_.count(); i++) factors.values[i] = static_cast<float>(sums[i]);
    factors.fade_m = static_cast<float>(std::pow(static_cast<double>(steps_.adam().beta1), gap));
    factors.fade_v = static_cast<float>(std::pow(static_cast<double>(steps_.adam().beta2), gap));
    return factors;
  }

  const FadingSteps& steps_;
  int32_t clock_;
  const float* rates_;
  int64_t capacity_;
  std::vector<int32_t> known_;
  std::vector<Factors> factors_;
};

}  // namespace easyrec

#endif  // EASYREC_MISSED_STEPS_H_
