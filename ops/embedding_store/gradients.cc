#include "gradients.h"

#include <string>

#include "easyrec/vectorized.h"

namespace easyrec::embedding {

OpDefinition& DefineGradients(OpDefinition& op) {
  op.Input("batch_sizes: L * int32");
  Batch::DefineInputs(op).Input("records: L * int64").Input("gradients: L * float");
  return FeatureAttributes::Define(op).Attribute("lookup_sizes: list(int)").Attribute("L: int >= 1");
}

LookupSizes::LookupSizes(const Construction& construction, const FeatureAttributes& attributes)
    : sizes_(construction.Ints("lookup_sizes")) {
  int64_t features = 0;
  for (const int64_t size : sizes_) {
    if (size < 1) throw InvalidArgument("lookup_sizes: expected at least one feature each");
    features += size;
  }
  if (features != static_cast<int64_t>(attributes.size()) ||
      static_cast<int64_t>(sizes_.size()) != construction.Int("L")) {
    throw InvalidArgument("lookup_sizes: expected one a lookup, " + std::to_string(attributes.size()) +
                          " features together");
  }
}

std::vector<int64_t> LookupSizes::ReadBatchSizes(const Context& context, int& input) const {
  std::vector<int64_t> sizes;
  for (const int64_t features : sizes_) {
    sizes.insert(sizes.end(), static_cast<size_t>(features), BatchSizeInput(context, input++));
  }
  return sizes;
}

Gradients LookupSizes::Read(const Context& context, const Batch& batch, int input) const {
  const size_t lookups = sizes_.size();
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < 2 * lookups; i++) tensors.push_back(context.Input(input + static_cast<int>(i)));
  std::vector<FeatureGradient> found;
  for (size_t l = 0; l < lookups; l++) {
    const Tensor& records = tensors[l];
    const Tensor& gradients = tensors[lookups + l];
    const size_t first = found.size();
    const size_t end = first + static_cast<size_t>(sizes_[l]);
    int64_t width = 0;
    int64_t ids = 0;
    for (size_t f = first; f < end; f++) {
      width += batch[f].dim();
      ids += batch[f].size();
    }
    const std::vector<int64_t> shape = gradients.shape();
    const std::vector<int64_t> expected = {batch[first].batch_size(), width};
    if (shape != expected) {
      throw InvalidArgument("gradients: expected shape " + FormatShape(expected) + ", received " +
                            FormatShape(shape));
    }
    if (records.size() != ids) {
      throw InvalidArgument("records: expected one for each of " + std::to_string(ids) + " ids, received " +
                            std::to_string(records.size()));
    }
    const float* data = gradients.data<float>();
    const int64_t* record = records.data<int64_t>();
    for (size_t f = first; f < end; f++) {
      found.push_back({data, width, record});
      data += batch[f].dim();
      record += batch[f].size();
    }
  }
  return Gradients(std::move(tensors), std::move(found));
}

namespace {

/** `kDim`: of the table, or 0 for any. Returns whether all records are there. */
template <int kDim>
EASYREC_VECTORIZED bool AddRows(RowSums& sums, const Contribution& part) {
  constexpr int64_t kAhead = 12;
  const Feature& feature = part.feature;
  const int64_t dim = kDim == 0 ? feature.dim() : kDim;
  const int64_t size = feature.size();
  const int64_t width = part.gradient.width;
  const int64_t* const records = part.gradient.records;
  for (int64_t i = 0; i < size; i++) {
    if (i + kAhead < size) __builtin_prefetch(part.gradient.data + feature.row(i + kAhead) * width);
    if (records[i] == RecordNumber::kNone) continue;
    const RecordNumber number(records[i]);
    if (!part.unit.owns(number.shard())) continue;
    if (number.slot() >= part.table.shard(number.shard()).records.size()) return false;
    bool is_new;
    float* __restrict sum = sums.SumOf(number, feature.id(i), is_new);
    const float* __restrict gradient = part.gradient.data + feature.row(i) * width;
    const float factor = feature.factor(i) * part.scale;
    if (is_new) {
      for (int64_t d = 0; d < dim; d++) sum[d] = factor * gradient[d];
    } else {
      for (int64_t d = 0; d < dim; d++) sum[d] += factor * gradient[d];
    }
  }
  return true;
}

bool AddRowsOf(RowSums& sums, const Contribution& part) {
  switch (part.feature.dim()) {
    case 1:
      return AddRows<1>(sums, part);
    case 8:
      return AddRows<8>(sums, part);
    case 16:
      return AddRows<16>(sums, part);
    case 32:
      return AddRows<32>(sums, part);
    default:
      return AddRows<0>(sums, part);
  }
}

}  // namespace

void AddTo(RowSums& sums, const std::string& name, const Contribution& part) {
  if (AddRowsOf(sums, part)) return;
  throw InvalidArgument("records: the rows of feature \"" + name + "\" are no longer in memory");
}

}  // namespace easyrec::embedding
