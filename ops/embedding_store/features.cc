#include "features.h"

#include <algorithm>
#include <cmath>
#include <shared_mutex>

namespace easyrec::embedding {

namespace {

Combiner CombinerOf(const std::string& name) {
  if (name == "sum") return Combiner::kSum;
  if (name == "mean") return Combiner::kMean;
  if (name == "sqrtn") return Combiner::kSqrtn;
  throw InvalidArgument("combiners: expected sum, mean or sqrtn, received " + name);
}

Error Wrong(const std::string& feature, const std::string& expected, int64_t received) {
  return InvalidArgument("feature \"" + feature + "\": expected " + expected + ", received " +
                         std::to_string(received));
}

}  // namespace

OpDefinition& FeatureAttributes::Define(OpDefinition& op) {
  return op.Attribute("store: int")
      .Attribute("features: list(string)")
      .Attribute("tables: list(int)")
      .Attribute("combiners: list(string)")
      .Attribute("optional: list(int) = []")
      .Attribute("N: int >= 1");
}

FeatureAttributes::FeatureAttributes(const Construction& construction)
    : store(FindStore(construction.Int("store"))), names(construction.Strings("features")) {
  const std::vector<int64_t> indices = construction.Ints("tables");
  for (const std::string& name : construction.Strings("combiners")) combiners.push_back(CombinerOf(name));
  const int64_t inputs = construction.Int("N");
  if (static_cast<size_t>(inputs) != names.size() || names.size() != indices.size() ||
      names.size() != combiners.size()) {
    throw InvalidArgument("features, tables and combiners: expected " + std::to_string(inputs) + " of each");
  }
  optional.assign(names.size(), false);
  for (const int64_t f : construction.Ints("optional")) {
    if (f < 0 || f >= inputs) throw InvalidArgument("optional: there is no feature " + std::to_string(f));
    optional[static_cast<size_t>(f)] = true;
  }
  const std::shared_lock<std::shared_mutex> lock(store->mutex());
  for (size_t f = 0; f < names.size(); f++) {
    Table* const table = &store->table(indices[f]);
    tables.push_back(table);
    const auto same = [&](const FeatureGroup& group) { return group.table == table; };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(group, {table, indices[f], {}});
    group->features.push_back(f);
  }
}

Feature::Feature(const FeatureTraits& traits, int64_t batch_size, Tensor ids, Tensor rows, const Tensor& weights)
    : dim_(traits.table.dim()),
      is_optional_(traits.is_optional),
      batch_size_(batch_size),
      ids_(std::move(ids)),
      rows_(std::move(rows)),
      size_(ids_.size()),
      id_data_(ids_.data<int64_t>()),
      row_data_(rows_.data<int64_t>()) {
  CheckIds(traits);
  const int64_t rows_given = rows_.size();
  is_single_ = rows_given == 0 && size_ == batch_size;
  if (rows_given != size_ && !is_single_) {
    throw Wrong(traits.name, "a row of the batch for each of " + std::to_string(size_) + " ids", rows_given);
  }
  if (!is_single_) CheckRows(traits.name);
  if (weights.size() != 0 && weights.size() != size_) {
    throw Wrong(traits.name, "a weight for each of " + std::to_string(size_) + " ids", weights.size());
  }
  SetFactors(weights.size() == 0 ? nullptr : weights.data<float>(), traits.combiner);
}

void Feature::CheckIds(const FeatureTraits& traits) const {
  const uint64_t end = static_cast<uint64_t>(traits.table.rows());
  // As unsigned numbers, those below 0 are above all others; the maximum is vectorised, unlike a search. -1 comes first
  // where it has a meaning.
  const uint64_t first = traits.is_optional ? 1 : 0;
  uint64_t greatest = 0;
  for (int64_t i = 0; i < size_; i++) greatest = std::max(greatest, static_cast<uint64_t>(id_data_[i]) + first);
  if (greatest < end + first) return;
  for (int64_t i = 0; i < size_; i++) {
    if (static_cast<uint64_t>(id_data_[i]) + first < end + first) continue;
    throw Wrong(traits.name, "ids from 0 to " + std::to_string(end - 1), id_data_[i]);
  }
}

void Feature::CheckRows(const std::string& name) const {
  for (int64_t i = 0; i < size_; i++) {
    if (row_data_[i] >= (i == 0 ? 0 : row_data_[i - 1]) && row_data_[i] < batch_size_) continue;
    throw Wrong(name, "ascending rows from 0 to " + std::to_string(batch_size_ - 1), row_data_[i]);
  }
}

int64_t Feature::begin_of(int64_t row) const {
  if (is_single_) return std::min(row, size());
  return std::lower_bound(row_data_, row_data_ + size(), row) - row_data_;
}

void Feature::SetFactors(const float* weights, Combiner combiner) {
  const int64_t n = size();
  if (weights != nullptr) factors_.assign(weights, weights + n);
  if (combiner == Combiner::kSum) return;
  drops_ = weights != nullptr;
  // One id a row, without weights: the mean of one.
  if (is_single_ && weights == nullptr) return;
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

int64_t BatchSizeInput(const Context& context, int input) {
  const int32_t size = ScalarInput<int32_t>(context, input, "batch_size");
  if (size < 0) throw InvalidArgument("batch_size: expected 0 or more, received " + std::to_string(size));
  return size;
}

OpDefinition& Batch::DefineInputs(OpDefinition& op) {
  return op.Input("ids: N * int64").Input("rows: N * int64").Input("weights: N * float");
}

Batch::Batch(const Context& context, const FeatureAttributes& attributes, const std::vector<int64_t>& sizes,
             int& input) {
  const int count = static_cast<int>(attributes.size());
  features_.reserve(attributes.size());
  for (int f = 0; f < count; f++) {
    const size_t i = static_cast<size_t>(f);
    const FeatureTraits traits = {attributes.names[i], *attributes.tables[i], attributes.combiners[i],
                                  attributes.optional[i]};
    features_.emplace_back(traits, sizes[i], context.Input(input + f), context.Input(input + count + f),
                           context.Input(input + 2 * count + f));
    ids_ += features_.back().size();
  }
  input += 3 * count;
  constexpr int64_t kIdsPerThread = 2048;
  threads_ = static_cast<int>(std::clamp<int64_t>(ids_ / kIdsPerThread, 1, attributes.store->threads()));
}

std::vector<Unit> UnitsOf(const Batch& batch, const std::vector<FeatureGroup>& groups) {
  const int64_t threads = batch.threads();
  std::vector<Unit> units;
  for (size_t g = 0; g < groups.size(); g++) {
    int64_t ids = 0;
    for (const size_t feature : groups[g].features) ids += batch[feature].size();
    const bool alone = threads == 1 || ids * threads <= batch.ids();
    const uint32_t parts = alone ? 1 : static_cast<uint32_t>(std::min<int64_t>(threads, Table::kShards));
    for (uint32_t part = 0; part < parts; part++) units.push_back({g, part, parts});
  }
  return units;
}

}  // namespace easyrec::embedding
