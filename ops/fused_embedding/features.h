// What the features of a batch look up: ids, the row of the batch that each belongs to, and its factor.
#ifndef EASYREC_FEATURES_H_
#define EASYREC_FEATURES_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "tables.h"

namespace easyrec {

enum class Combiner { kSum, kMean, kSqrtn };

inline Combiner CombinerOf(const std::string& name) {
  if (name == "sum") return Combiner::kSum;
  if (name == "mean") return Combiner::kMean;
  if (name == "sqrtn") return Combiner::kSqrtn;
  throw InvalidArgument("combiners: expected sum, mean or sqrtn, received " + name);
}

/** The attributes that describe the features of an op. */
struct FeatureAttributes {
  FeatureAttributes(const Construction& construction, int64_t tables)
      : names(construction.Strings("features")), tables(construction.Ints("feature_tables")) {
    for (const std::string& name : construction.Strings("combiners")) combiners.push_back(CombinerOf(name));
    if (names.size() != this->tables.size() || names.size() != combiners.size()) {
      throw InvalidArgument("features, feature_tables and combiners: expected equal numbers of them");
    }
    for (const int64_t table : this->tables) {
      if (table < 0 || table >= tables) throw InvalidArgument("feature_tables: no table " + std::to_string(table));
    }
  }

  std::vector<std::string> names;
  std::vector<int64_t> tables;
  std::vector<Combiner> combiners;
};

/** One feature's ids in a batch. */
class Feature {
 public:
  /**
   * `rows` is empty where each row of the batch has exactly one id; `weights` is empty where each counts 1. Throws,
   * naming the feature, when something is out of range.
   */
  Feature(const std::string& name, size_t table_index, const Table& table, Tensor ids, Tensor rows)
      : table_index_(table_index),
        table_rows_(table.rows),
        dim_(table.dim),
        name_(name),
        ids_(std::move(ids)),
        rows_(std::move(rows)),
        size_(ids_.size()) {}

  void Check(int64_t batch_size, const Tensor& weights, Combiner combiner) {
    const int64_t n = size_;
    id_data_ = ids_.data<int64_t>();
    const int64_t* rows = rows_.data<int64_t>();
    for (int64_t i = 0; i < n; i++) {
      if (id_data_[i] < 0 || id_data_[i] >= table_rows_) {
        throw InvalidArgument("feature \"" + name_ + "\": expected ids from 0 to " +
                              std::to_string(table_rows_ - 1) + ", received " + std::to_string(id_data_[i]));
      }
    }
    if (rows_.size() != n) {
      if (rows_.size() != 0 || n != batch_size) {
        throw InvalidArgument("feature \"" + name_ + "\": expected a row for each of " + std::to_string(n) +
                              " ids, received " + std::to_string(rows_.size()));
      }
    } else {
      row_data_ = rows;
      for (int64_t i = 0; i < n; i++) {
        if (rows[i] < (i == 0 ? 0 : rows[i - 1]) || rows[i] >= batch_size) {
          throw InvalidArgument("feature \"" + name_ + "\": expected ascending rows from 0 to " +
                                std::to_string(batch_size - 1) + ", received " + std::to_string(rows[i]));
        }
      }
    }
    if (weights.size() != 0 && weights.size() != n) {
      throw InvalidArgument("feature \"" + name_ + "\": expected a weight for each of " + std::to_string(n) +
                            " ids, received " + std::to_string(weights.size()));
    }
    SetFactors(weights.size() == 0 ? nullptr : weights.data<float>(), combiner);
  }

  size_t table() const { return table_index_; }
  int64_t dim() const { return dim_; }
  int64_t size() const { return size_; }
  int64_t id(int64_t i) const { return id_data_[i]; }
  int64_t row(int64_t i) const { return row_data_ == nullptr ? i : row_data_[i]; }
  /** What the vector of the i-th id is multiplied with. */
  float factor(int64_t i) const { return factors_.empty() ? 1.0f : factors_[static_cast<size_t>(i)]; }
  /** Left out of means where its weight is not above 0. */
  bool skips(int64_t i) const { return drops_ && !(factors_[static_cast<size_t>(i)] > 0.0f); }
  /** Whether each row of the batch has exactly one id that counts 1. */
  bool is_plain() const { return row_data_ == nullptr && factors_.empty(); }
  /** The first id that belongs to the batch's row `row` or to one after it. */
  int64_t begin_of(int64_t row) const {
    if (row_data_ == nullptr) return std::min(row, size());
    return std::lower_bound(row_data_, row_data_ + size(), row) - row_data_;
  }

 private:
  void SetFactors(const float* weights, Combiner combiner) {
    const int64_t n = size();
    if (weights != nullptr) factors_.assign(weights, weights + n);
    if (combiner == Combiner::kSum) return;
    drops_ = weights != nullptr;
    // One id a row, without weights: the mean of one.
    if (row_data_ == nullptr && weights == nullptr) return;
    if (weights == nullptr) factors_.assign(static_cast<size_t>(n), 1.0f);
    for (int64_t begin = 0, end = 0; begin < n; begin = end) {
      float total = 0;
      for (end = begin; end < n && row(end) == row(begin); end++) {
        const float weight = factors_[static_cast<size_t>(end)];
        if (weight > 0) total += combiner == Combiner::kMean ? weight : weight * weight;
      }
      const float divisor = combiner == Combiner::kMean ? total : std::sqrt(total);
      for (int64_t i = begin; i < end; i++) {
        float& factor = factors_[static_cast<size_t>(i)];
        factor = factor > 0 ? (divisor > 0 ? factor / divisor : factor) : 0.0f;
      }
    }
  }

  size_t table_index_;
  int64_t table_rows_;
  int64_t dim_;
  const std::string& name_;
  Tensor ids_;
  Tensor rows_;
  int64_t size_;
  const int64_t* id_data_ = nullptr;
  const int64_t* row_data_ = nullptr;
  std::vector<float> factors_;
  bool drops_ = false;
};

/** Reads the inputs `batch_size`, `ids`, `rows` and `weights`, in this order from `input` on; moves `input` past them. */
inline std::vector<Feature> ReadFeatures(const Context& context, const FeatureAttributes& attributes,
                                         const Tables& tables, int64_t batch_size, int& input) {
  const int count = static_cast<int>(attributes.names.size());
  std::vector<Feature> features;
  features.reserve(attributes.names.size());
  for (int f = 0; f < count; f++) {
    const size_t i = static_cast<size_t>(f);
    const size_t table = static_cast<size_t>(attributes.tables[i]);
    features.emplace_back(attributes.names[i], table, tables[table], context.Input(input + f),
                          context.Input(input + count + f));
    features.back().Check(batch_size, context.Input(input + 2 * count + f), attributes.combiners[i]);
  }
  input += 3 * count;
  return features;
}

inline int64_t TotalIds(const std::vector<Feature>& features) {
  int64_t total = 0;
  for (const Feature& feature : features) total += feature.size();
  return total;
}

}  // namespace easyrec

#endif  // EASYREC_FEATURES_H_
