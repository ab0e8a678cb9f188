// What the features of a batch look up: ids, the row of the batch that each belongs to, and its factor.
#ifndef EASYREC_FEATURES_H_
#define EASYREC_FEATURES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "store.h"

namespace easyrec::embedding {

enum class Combiner { kSum, kMean, kSqrtn };

/** The features of an op that look one table up: they are handled together, as a row may be used by all of them. */
struct FeatureGroup {
  Table* table;
  int64_t table_index;
  std::vector<size_t> features;
};

/** The attributes `store`, `features`, `tables`, `combiners` and `optional` of an op. */
struct FeatureAttributes {
  /** Adds them to an op, and `N`, how many features there are. */
  static OpDefinition& Define(OpDefinition& op);

  explicit FeatureAttributes(const Construction& construction);

  size_t size() const { return names.size(); }

  std::shared_ptr<Store> store;
  std::vector<std::string> names;
  std::vector<Table*> tables;
  std::vector<Combiner> combiners;
  /** Whether rows of the batch may have no id of the feature, which -1 in its place tells. */
  std::vector<bool> optional;
  std::vector<FeatureGroup> groups;
};

/** What is known of a feature before its ids. */
struct FeatureTraits {
  const std::string& name;
  const Table& table;
  Combiner combiner;
  bool is_optional;
};

/** One feature's ids in a batch. */
class Feature {
 public:
  /** Throws, naming the feature, when something is out of range. */
  Feature(const FeatureTraits& traits, int64_t batch_size, Tensor ids, Tensor rows, const Tensor& weights);

  int64_t dim() const { return dim_; }
  int64_t batch_size() const { return batch_size_; }
  int64_t size() const { return size_; }
  const int64_t* ids() const { return id_data_; }
  int64_t id(int64_t i) const { return id_data_[i]; }
  int64_t row(int64_t i) const { return is_single_ ? i : row_data_[i]; }
  /** What the vector of the i-th id is multiplied with. */
  float factor(int64_t i) const { return factors_.empty() ? 1.0f : factors_[static_cast<size_t>(i)]; }
  /** Left out of means where its weight is not above 0; and where there is no id. */
  bool skips(int64_t i) const {
    return (drops_ && !(factors_[static_cast<size_t>(i)] > 0.0f)) || (is_optional_ && id_data_[i] < 0);
  }
  /** Whether each row of the batch has one id that counts 1, or none in its place. */
  bool is_plain() const { return is_single_ && factors_.empty(); }
  /** The first id that belongs to the batch's row `row` or to one after it. */
  int64_t begin_of(int64_t row) const;

 private:
  void CheckIds(const FeatureTraits& traits) const;
  void CheckRows(const std::string& name) const;
  void SetFactors(const float* weights, Combiner combiner);

  int64_t dim_;
  bool is_optional_;
  int64_t batch_size_;
  Tensor ids_;
  Tensor rows_;
  int64_t size_;
  const int64_t* id_data_;
  const int64_t* row_data_;
  /** Whether each row of the batch has exactly one id, or -1. */
  bool is_single_ = false;
  /** Empty where each is 1. */
  std::vector<float> factors_;
  bool drops_ = false;
};

/** The features of a call, and how its work is shared out. */
class Batch {
 public:
  /** Adds the inputs to an op. */
  static OpDefinition& DefineInputs(OpDefinition& op);

  /**
   * Reads the inputs `ids`, `rows` and `weights`, in this order from `input` on; moves `input` past them.
   * `sizes`: rows of the batch, for each feature.
   */
  Batch(const Context& context, const FeatureAttributes& attributes, const std::vector<int64_t>& sizes, int& input);

  const std::vector<Feature>& features() const { return features_; }
  const Feature& operator[](size_t feature) const { return features_[feature]; }
  int64_t ids() const { return ids_; }
  /** How many threads are worth having. */
  int threads() const { return threads_; }

 private:
  std::vector<Feature> features_;
  int64_t ids_ = 0;
  int threads_;
};

/** A group's rows, or those of some shards of it: what one thread does at a time. */
struct Unit {
  size_t group;
  uint32_t part;
  /** 1, or how many units share the group. */
  uint32_t parts;

  bool owns(uint32_t shard) const { return parts == 1 || shard % parts == part; }
};

/** Groups by themselves where there are enough of them to keep all threads busy; large ones in parts. */
std::vector<Unit> UnitsOf(const Batch& batch, const std::vector<FeatureGroup>& groups);

/** Rows of a batch, the only element of an input. */
int64_t BatchSizeInput(const Context& context, int input);

/** The only element of an input. */
template <typename T>
T ScalarInput(const Context& context, int input, const char* name) {
  const Tensor tensor = context.Input(input);
  if (tensor.size() != 1) throw InvalidArgument(std::string(name) + ": expected one number");
  return *tensor.data<T>();
}

}  // namespace easyrec::embedding

#endif  // EASYREC_FEATURES_H_
