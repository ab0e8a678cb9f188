// What a step's gradient is for the rows that lookups found.
#ifndef EASYREC_GRADIENTS_H_
#define EASYREC_GRADIENTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "easyrec/op.h"
#include "features.h"
#include "row_sums.h"

namespace easyrec::embedding {

/** The gradient of a feature's vectors, row r of the batch at `data + r * width`, and the records of its ids. */
struct FeatureGradient {
  const float* data;
  int64_t width;
  const int64_t* records;
};

/** The gradients of all features, and the tensors that they are in. */
class Gradients {
 public:
  Gradients(std::vector<Tensor> tensors, std::vector<FeatureGradient> features)
      : tensors_(std::move(tensors)), features_(std::move(features)) {}

  const FeatureGradient& operator[](size_t feature) const { return features_[feature]; }

 private:
  std::vector<Tensor> tensors_;
  std::vector<FeatureGradient> features_;
};

/**
 * Adds to an op what tells the gradients of the rows of a step: the inputs `batch_sizes`, those of a `Batch`, `records`
 * and `gradients`, the attributes of the features, `lookup_sizes`, and `L`, how many lookups there are.
 */
OpDefinition& DefineGradients(OpDefinition& op);

/** The attribute `lookup_sizes` of an op: how many of its features belong to each lookup. */
class LookupSizes {
 public:
  LookupSizes(const Construction& construction, const FeatureAttributes& attributes);

  /** Reads the input `batch_sizes`, one a lookup, and moves `input` past it; gives one a feature. */
  std::vector<int64_t> ReadBatchSizes(const Context& context, int& input) const;
  /** Reads the inputs `records` and `gradients`, in this order from `input` on, and checks them. */
  Gradients Read(const Context& context, const Batch& batch, int input) const;

 private:
  std::vector<int64_t> sizes_;
};

/** What one feature contributes to the sums of one unit. */
struct Contribution {
  const Table& table;
  const Feature& feature;
  const FeatureGradient& gradient;
  const Unit& unit;
  /** Of the whole gradient. */
  float scale;
};

/** Adds it to sums that have room for it; throws, naming the feature, where rows are no longer in memory. */
void AddTo(RowSums& sums, const std::string& name, const Contribution& part);

}  // namespace easyrec::embedding

#endif  // EASYREC_GRADIENTS_H_
