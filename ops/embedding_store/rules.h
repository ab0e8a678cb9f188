// What each optimizer does to a row that a step touched, with TensorFlow's formulas for sparse gradients. A rule is one
// struct here and one line of the table in rules.cc.
//
// A record holds a row: its `dim` weights w, then its slots in the order of the rule, each as wide as the row. g is the
// gradient, summed over all uses of the row; all arithmetic is in float32 and nothing is contracted.
#ifndef EASYREC_RULES_H_
#define EASYREC_RULES_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "missed_steps.h"

namespace easyrec::embedding {

#define EASYREC_INLINE inline __attribute__((always_inline))

/** w -= lr g */
struct Sgd {
  static constexpr int kParameters = 0;
  static constexpr int kSlots = 0;
  explicit Sgd(const float*) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    for (int64_t d = 0; d < dim; d++) w[d] -= rate * g[d];
  }
};

/** a = momentum a + g;  w -= lr a, or with nesterov lr g + lr momentum a.  Parameters: momentum, nesterov (0 or 1). */
struct Momentum {
  static constexpr int kParameters = 2;
  static constexpr int kSlots = 1;
  explicit Momentum(const float* p) : momentum(p[0]), nesterov(p[1] != 0) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    float* a = w + dim;
    if (nesterov) {
      for (int64_t d = 0; d < dim; d++) {
        const float sum = a[d] * momentum + g[d];
        a[d] = sum;
        w[d] -= g[d] * rate + sum * momentum * rate;
      }
    } else {
      for (int64_t d = 0; d < dim; d++) {
        const float sum = a[d] * momentum + g[d];
        a[d] = sum;
        w[d] -= rate * sum;
      }
    }
  }

  float momentum;
  bool nesterov;
};

/**
 * m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  w -= lr m / (sqrt(v) + epsilon), where lr is the
 * corrected rate.  Parameters: beta1, beta2, epsilon, every step (0 or 1; what that means is in missed_steps.h).
 */
struct Adam {
  static constexpr int kParameters = 4;
  static constexpr int kSlots = 2;
  explicit Adam(const float* p) : constants{p[0], p[1], p[2]} {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    float* m = w + dim;
    float* v = w + 2 * dim;
    const float rest1 = 1 - constants.beta1;
    const float rest2 = 1 - constants.beta2;
    const float epsilon = constants.epsilon;
    for (int64_t d = 0; d < dim; d++) {
      const float mean = m[d] + (g[d] - m[d]) * rest1;
      const float square = v[d] + (g[d] * g[d] - v[d]) * rest2;
      m[d] = mean;
      v[d] = square;
      w[d] -= mean * rate / (std::sqrt(square) + epsilon);
    }
  }

  AdamConstants constants;
};

/**
 * w -= decay w, then as Adam; rows that a step does not touch move as with Adam, and do not decay.
 * Parameters: those of Adam, decay.
 */
struct AdamW {
  static constexpr int kParameters = 5;
  static constexpr int kSlots = 2;
  explicit AdamW(const float* p) : adam(p), decay(p[4]) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    for (int64_t d = 0; d < dim; d++) w[d] -= decay * w[d];
    adam.Move(w, g, dim, rate);
  }

  Adam adam;
  float decay;
};

/** w -= decay w, then as Momentum without nesterov.  Parameters: momentum, decay. */
struct MomentumW {
  static constexpr int kParameters = 2;
  static constexpr int kSlots = 1;
  explicit MomentumW(const float* p) : momentum(p[0]), decay(p[1]) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    float* a = w + dim;
    for (int64_t d = 0; d < dim; d++) {
      const float sum = a[d] * momentum + g[d];
      a[d] = sum;
      w[d] = (w[d] - decay * w[d]) - rate * sum;
    }
  }

  float momentum;
  float decay;
};

/** a += g^2;  w -= lr g / sqrt(a) */
struct Adagrad {
  static constexpr int kParameters = 0;
  static constexpr int kSlots = 1;
  explicit Adagrad(const float*) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    float* a = w + dim;
    for (int64_t d = 0; d < dim; d++) {
      const float sum = a[d] + g[d] * g[d];
      a[d] = sum;
      w[d] -= rate * g[d] / std::sqrt(sum);
    }
  }
};

/** a += mean of g^2 over the row, a one number;  w -= lr g / (sqrt(a) + epsilon).  Parameters: epsilon. */
struct RowWiseAdagrad {
  static constexpr int kParameters = 1;
  static constexpr int kSlots = 1;
  explicit RowWiseAdagrad(const float* p) : epsilon(p[0]) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    float squares = 0;
    for (int64_t d = 0; d < dim; d++) squares += g[d] * g[d];
    const float sum = w[dim] + squares / static_cast<float>(dim);
    w[dim] = sum;
    const float step = rate / (std::sqrt(sum) + epsilon);
    for (int64_t d = 0; d < dim; d++) w[d] -= step * g[d];
  }

  float epsilon;
};

/**
 * With p = -lr_power, s = g + 2 l2_shrinkage w:  z += s - ((a + g^2)^p - a^p) / lr w;  a += g^2;
 * w = (clip(z, -l1, l1) - z) / (a^p / lr + 2 l2).  Slots a, z.  Parameters: lr_power, l1, l2, l2_shrinkage.
 */
struct Ftrl {
  static constexpr int kParameters = 4;
  static constexpr int kSlots = 2;
  explicit Ftrl(const float* p) : power(-p[0]), l1(p[1]), l2(p[2]), shrinkage(p[3]) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    if (power == 0.5f) {
      MoveBy(w, g, dim, rate, [](float x) { return std::sqrt(x); });
    } else {
      const float p = power;
      MoveBy(w, g, dim, rate, [p](float x) { return std::pow(x, p); });
    }
  }

  template <typename Power>
  EASYREC_INLINE void MoveBy(float* __restrict w, const float* __restrict g, int64_t dim, float rate,
                             Power raise) const {
    float* a = w + dim;
    float* z = w + 2 * dim;
    for (int64_t d = 0; d < dim; d++) {
      const float sum = a[d] + g[d] * g[d];
      const float raised = raise(sum);
      const float shrunk = shrinkage > 0 ? g[d] + 2 * shrinkage * w[d] : g[d];
      const float linear = z[d] + (shrunk - (raised - raise(a[d])) / rate * w[d]);
      const float clipped = std::max(std::min(linear, l1), -l1);
      w[d] = (clipped - linear) / (raised / rate + 2 * l2);
      a[d] = sum;
      z[d] = linear;
    }
  }

  float power;
  float l1;
  float l2;
  float shrinkage;
};

/** s = decay s + (1 - decay) g^2;  b = momentum b + lr g / sqrt(s + epsilon);  w -= b.  Slots s, b.
 *  Parameters: decay, momentum, epsilon. */
struct RmsProp {
  static constexpr int kParameters = 3;
  static constexpr int kSlots = 2;
  explicit RmsProp(const float* p) : decay(p[0]), momentum(p[1]), epsilon(p[2]) {}

  EASYREC_INLINE void Move(float* __restrict w, const float* __restrict g, int64_t dim, float rate) const {
    float* s = w + dim;
    float* b = w + 2 * dim;
    const float rest = 1 - decay;
    for (int64_t d = 0; d < dim; d++) {
      const float square = s[d] * decay + g[d] * g[d] * rest;
      const float step = b[d] * momentum + rate * g[d] / std::sqrt(square + epsilon);
      s[d] = square;
      b[d] = step;
      w[d] -= step;
    }
  }

  float decay;
  float momentum;
  float epsilon;
};

/** Rows of one table to be moved: records, each with `dim` numbers of `gradients`. */
struct TouchedRows {
  float* const* records;
  const float* gradients;
  int64_t count;
  int64_t dim;
  /** Floats of a record. */
  int64_t width;
  float rate;
};

/** The rule of a store. */
class Rule {
 public:
  /** Throws, saying what it expected, for a rule that is not known or has other parameters or slots. */
  Rule(const std::string& name, const std::vector<float>& parameters, int slots, const std::vector<uint8_t>& per_row);

  void Apply(const TouchedRows& rows) const { apply_(parameters_.data(), rows); }
  /** Whether rows move at every step, in the way of missed_steps.h. */
  bool every_step() const { return every_step_; }
  AdamConstants adam() const { return Adam(parameters_.data()).constants; }

 private:
  std::vector<float> parameters_;
  void (*apply_)(const float* parameters, const TouchedRows& rows);
  bool every_step_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_RULES_H_
