// EasyRecEmbeddingSquaredNorm: what the rows that lookups found contribute to the square of a gradient's norm.
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/vectorized.h"
#include "easyrec/workers.h"
#include "features.h"
#include "gradients.h"
#include "row_sums.h"
#include "store.h"

namespace easyrec::embedding {

namespace {

/** The sum of the squares of `size` numbers, in the same order on every machine. */
EASYREC_VECTORIZED double SumSquares(const float* values, int64_t size) {
  constexpr int64_t kLanes = 4;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; lane++) {
      const double value = values[i + lane];
      lanes[lane] += value * value;
    }
  }
  for (; i < size; i++) lanes[0] += static_cast<double>(values[i]) * values[i];
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/**
 * A row counts once for each feature, with the sum of its uses there, as a gradient of slices does that EasyRec's
 * lookups, one a feature, give. Tables that are not trained do not count.
 */
class SquaredNorm {
 public:
  explicit SquaredNorm(const Construction& construction)
      : attributes_(construction), lookup_sizes_(construction, attributes_) {}

  void Compute(const Context& context) const {
    const Store& store = *attributes_.store;
    int input = 0;
    const std::vector<int64_t> sizes = lookup_sizes_.ReadBatchSizes(context, input);
    const Batch batch(context, attributes_, sizes, input);
    const Gradients gradients = lookup_sizes_.Read(context, batch, input);
    const Tensor output = context.Output<float>(0, {});
    // By feature and shard, so that the sum does not depend on how the work is shared out.
    std::vector<double> squares(attributes_.size() * Table::kShards, 0.0);
    {
      const std::shared_lock<std::shared_mutex> lock(store.mutex());
      const std::vector<Unit> units = UnitsOf(batch, attributes_.groups);
      Parallel(static_cast<int64_t>(units.size()), batch.threads(), [&](int64_t u) {
        const Unit& unit = units[static_cast<size_t>(u)];
        const FeatureGroup& group = attributes_.groups[unit.group];
        const Table& table = *group.table;
        if (!table.trained()) return;
        std::unique_ptr<RowSums> sums = pool_.Take();
        for (const size_t f : group.features) {
          sums->Clear(batch[f].size(), table.dim());
          AddTo(*sums, attributes_.names[f], {table, batch[f], gradients[f], unit, 1.0f});
          AddSquares(*sums, table.dim(), &squares[f * Table::kShards]);
        }
        pool_.Return(std::move(sums));
      });
    }
    double total = 0;
    for (const double square : squares) total += square;
    *output.data<float>() = static_cast<float>(total);
  }

 private:
  /** `squares`: by shard. */
  static void AddSquares(const RowSums& sums, int64_t dim, double* squares) {
    const float* sum = sums.sums();
    for (const RowSums::Entry& entry : sums.entries()) {
      squares[entry.number.shard()] += SumSquares(sum, dim);
      sum += dim;
    }
  }

  FeatureAttributes attributes_;
  LookupSizes lookup_sizes_;
  mutable RowSumsPool pool_;
};

void InferShape(const ShapeContext& context) { context.SetOutput(0, context.Scalar()); }

[[maybe_unused]] const bool registered = [] {
  OpDefinition op("EasyRecEmbeddingSquaredNorm");
  DefineGradients(op)
      .Output("squared_norm: float")
      .Stateful()
      .ShapeFunction<InferShape>()
      .Register();
  RegisterKernel<SquaredNorm>("EasyRecEmbeddingSquaredNorm");
  return true;
}();

}  // namespace

}  // namespace easyrec::embedding
