#include "missed_steps.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "easyrec/status.h"
#include "easyrec/vectorized.h"

namespace easyrec::embedding {

namespace {

constexpr double kPrecision = 1e-9;

/** Moves `dim` elements by the steps that `nodes` pairs of (position, factor) stand for, and lets m and v fade. */
EASYREC_VECTORIZED
void MoveRow(float* weights, float* m, float* v, int64_t dim, const float* positions, const float* factors, int nodes,
             float fade_m, float fade_v, float epsilon) {
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

}  // namespace

MissedSteps::MissedSteps(const AdamConstants& adam) : adam_(adam) {
  const double beta1 = adam.beta1;
  const double root = std::sqrt(static_cast<double>(adam.beta2));
  const double ratio = beta1 / root;
  if (!(beta1 >= 0 && root > 0 && root < 1 && ratio < 1)) {
    throw InvalidArgument("beta1, beta2: expected 0 <= beta1 < sqrt(beta2) < 1, received " +
                          std::to_string(adam.beta1) + " and " + std::to_string(adam.beta2));
  }
  const auto too_slow = [&] {
    return InvalidArgument("beta1, beta2: the steps that a row missed fade too slowly to be summed up with " +
                           std::to_string(adam.beta1) + " and " + std::to_string(adam.beta2));
  };
    const double fade = ratio == 0 ? 1 : std::ceil(std::log(kPrecision * (1 - ratio)) / std::log(ratio));
  if (!(fade <= kMostSteps)) throw too_slow();
  fade_ = std::max(1, static_cast<int32_t>(fade));
  const double low = std::pow(root, fade_);
  const double centre = (1 + low) / (1 - low);
  const double rho = centre + std::sqrt(centre * centre - 1);
  const double count = std::ceil(std::log(8 / kPrecision) / std::log(rho));
  if (!(count <= kMostNodes)) throw too_slow();
  nodes_ = static_cast<int>(count);
  std::vector<double> nodes(static_cast<size_t>(nodes_));
  for (int i = 0; i < nodes_; i++) {
    const double angle = std::acos(-1.0) * (2 * i + 1) / (2.0 * nodes_);
    nodes[static_cast<size_t>(i)] = (1 + low) / 2 + (1 - low) / 2 * std::cos(angle);
    positions_[i] = static_cast<float>(nodes[static_cast<size_t>(i)]);
  }
  basis_.resize(static_cast<size_t>(fade_ * nodes_));
  for (int k = 1; k <= fade_; k++) {
    const double y = std::pow(root, k);
    for (int i = 0; i < nodes_; i++) {
      double value = std::pow(beta1, k);
      for (int j = 0; j < nodes_; j++) {
        if (j == i) continue;
        const double other = nodes[static_cast<size_t>(j)];
        value *= (y - other) / (nodes[static_cast<size_t>(i)] - other);
      }
      basis_[static_cast<size_t>((k - 1) * nodes_ + i)] = value;
    }
  }
  for (int32_t gap = 0; gap <= kMostSteps; gap++) {
    fade_m_.push_back(static_cast<float>(std::pow(beta1, gap)));
    fade_v_.push_back(static_cast<float>(std::pow(static_cast<double>(adam.beta2), gap)));
  }
}

void MissedSteps::EndStep(float rate) {
  if (clock_ >= kMostSteps) throw Error(TF_INTERNAL, "no room for another step");
  const size_t nodes = static_cast<size_t>(nodes_);
  const size_t steps = static_cast<size_t>(clock_) + 1;
  sums_.resize(steps * nodes, 0);
  factors_.resize(steps * nodes, 0);
  const int32_t first = std::max(0, clock_ + 1 - fade_);
  for (int32_t last = first; last <= clock_; last++) {
    double* sums = SumsOf(last);
    const double* basis = &basis_[static_cast<size_t>(clock_ - last) * nodes];
    float* factors = &factors_[static_cast<size_t>(last) * nodes];
    for (size_t i = 0; i < nodes; i++) {
      sums[i] += rate * basis[i];
      factors[i] = static_cast<float>(sums[i]);
    }
  }
  clock_++;
}

void MissedSteps::StartAgain() {
  clock_ = 0;
  sums_.clear();
  factors_.clear();
}

void MissedSteps::CatchUp(float* record, int64_t dim, int32_t last) const {
  if (last == clock_) return;
  if (last < 0 || last > clock_) {
    throw Error(TF_INTERNAL, "a row includes " + std::to_string(last) + " steps of " + std::to_string(clock_));
  }
  const size_t gap = static_cast<size_t>(clock_ - last);
  MoveRow(record, record + dim, record + 2 * dim, dim, positions_,
          &factors_[static_cast<size_t>(last) * static_cast<size_t>(nodes_)], nodes_, fade_m_[gap], fade_v_[gap],
          adam_.epsilon);
}

}  // namespace easyrec::embedding
