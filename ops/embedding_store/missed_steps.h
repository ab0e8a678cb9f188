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

#include <cstddef>
#include <cstdint>
#include <vector>

namespace easyrec::embedding {

struct AdamConstants {
  float beta1;
  float beta2;
  float epsilon;
};

/** The steps done since the clock was last at 0, and what each row missed of them. */
class MissedSteps {
 public:
  /** Throws where the steps of these betas fade too slowly to be summed up. */
  explicit MissedSteps(const AdamConstants& adam);

  /** After so many steps all rows must be brought up to date, and the clock started again. */
  static constexpr int32_t kMostSteps = 16384;

  /** Steps done. */
  int32_t clock() const { return clock_; }
  /** Ends a step of this (corrected) rate. */
  void EndStep(float rate);
  /** To be called when no row is behind. */
  void StartAgain();
  /** Brings a row that includes `last` steps up to date: weights, m and v, `dim` numbers each. */
  void CatchUp(float* record, int64_t dim, int32_t last) const;

 private:
  static constexpr int kMostNodes = 24;

  double* SumsOf(int32_t last) { return &sums_[static_cast<size_t>(last) * static_cast<size_t>(nodes_)]; }

  AdamConstants adam_;
  int nodes_ = 0;
  /** After how many steps a row has come to rest. */
  int32_t fade_ = 0;
  float positions_[kMostNodes];
  /** [fade][nodes]: what the k-th missed step (from 0) adds to the factors of the nodes, for a rate of 1. */
  std::vector<double> basis_;
  int32_t clock_ = 0;
  /** [kMostSteps][nodes]: the factors for a row that includes so many steps, of all steps from there to the clock. */
  std::vector<double> sums_;
  /** The same as float32. */
  std::vector<float> factors_;
  /** Powers of beta1 and beta2. */
  std::vector<float> fade_m_;
  std::vector<float> fade_v_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_MISSED_STEPS_H_
