// Embedding tables in training: one lookup for all features of a group, and updates of the touched rows in the
// variables' own buffers. See README.md.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "features.h"
#include "missed_steps.h"
#include "parallel.h"
#include "row_sums.h"
#include "tables.h"
#include "vectorized.h"

namespace {

using easyrec::AdamConstants;
using easyrec::Construction;
using easyrec::Context;
using easyrec::Error;
using easyrec::FadingSteps;
using easyrec::Feature;
using easyrec::FeatureAttributes;
using easyrec::InvalidArgument;
using easyrec::MissedSteps;
using easyrec::Owner;
using easyrec::Part;
using easyrec::RowSums;
using easyrec::ShapeContext;
using easyrec::Table;
using easyrec::Tables;
using easyrec::Tensor;

template <typename T>
T Scalar(const Tensor& tensor, const char* name) {
  if (tensor.size() != 1) throw InvalidArgument(std::string(name) + ": expected one number");
  return *tensor.data<T>();
}

void PrefetchRow(const float* base, int64_t offset, int64_t dim) {
  constexpr int64_t kFloatsPerLine = 16;
  for (int64_t d = 0; d < dim; d += kFloatsPerLine) __builtin_prefetch(base + offset + d, 1);
}

/** How many tables, slots and counts of steps an op has. */
struct Counts {
  explicit Counts(const Construction& construction)
      : tables(static_cast<int>(construction.Int("T"))),
        slots(static_cast<int>(construction.Int("S"))),
        last(static_cast<int>(construction.Int("L"))) {}

  Tables Read(const Context& context) const { return Tables(context, tables, slots, last); }

  int tables;
  int slots;
  int last;
};

class Lookup {
 public:
  explicit Lookup(const Construction& construction)
      : counts_(construction),
        attributes_(construction, counts_.tables),
        threads_(construction.Int("threads")) {
    if (counts_.last > 0) missed_.emplace(AdamConstants(construction));
  }

  void Compute(const Context& context) const {
    const Tables tables = counts_.Read(context);
    int input = tables.next_input();
    const Tensor clock = context.Input(input++);
    const Tensor rates = context.Input(input++);
    const int64_t batch_size = Scalar<int32_t>(context.Input(input++), "batch_size");
    const std::vector<Feature> features =
        easyrec::ReadFeatures(context, attributes_, tables, batch_size, input);
    int64_t width = 0;
    for (const Feature& feature : features) width += feature.dim();
    const Tensor output = context.Output<float>(0, {batch_size, width});
    const int threads = easyrec::ThreadsFor(easyrec::TotalIds(features), threads_);
    if (missed_) {
      const int32_t now = Scalar<int32_t>(clock, "clock");
      easyrec::Parallel(threads, [&](int part) {
        MissedSteps missed(*missed_, now, rates.data<float>(), rates.size());
        CatchUp(tables, features, missed, static_cast<uint32_t>(part), static_cast<uint32_t>(threads));
      });
    }
    easyrec::Parallel(threads, [&](int part) {
      Gather(tables, features, Part(batch_size, part, threads), output.data<float>(), width);
    });
  }

 private:
  static void CatchUp(const Tables& tables, const std::vector<Feature>& features, MissedSteps& missed,
                      uint32_t part, uint32_t parts) {
    constexpr int64_t kAhead = 16;
    constexpr size_t kQueue = 8;
    int64_t waiting[kQueue];
    for (const Feature& feature : features) {
      const Table& table = tables[feature.table()];
      size_t first = 0;
      size_t count = 0;
      const auto next = [&] {
        missed.CatchUp(table, waiting[first]);
        first = (first + 1) % kQueue;
        count--;
      };
      for (int64_t i = 0; i < feature.size(); i++) {
        if (i + kAhead < feature.size()) __builtin_prefetch(table.last + feature.id(i + kAhead));
        const int64_t id = feature.id(i);
        if (Owner(feature.table(), id, parts) != part || feature.skips(i)) continue;
        if (!missed.IsBehind(table, id)) continue;
        if (count == kQueue) next();
        waiting[(first + count++) % kQueue] = id;
        PrefetchRow(table.weights, id * table.dim, table.dim);
        PrefetchRow(table.slots[0], id * table.dim, table.dim);
        PrefetchRow(table.slots[1], id * table.dim, table.dim);
      }
      while (count > 0) next();
    }
  }

  static void Gather(const Tables& tables, const std::vector<Feature>& features, const Part& rows, float* output,
                     int64_t width) {
    constexpr int64_t kAhead = 8;
    int64_t column = 0;
    for (const Feature& feature : features) {
      const float* weights = tables[feature.table()].weights;
      const int64_t dim = feature.dim();
      float* out = output + column;
      if (!feature.is_plain()) {
        for (int64_t row = rows.begin; row < rows.end; row++) std::fill_n(out + row * width, dim, 0.0f);
      }
      const int64_t end = feature.begin_of(rows.end);
      for (int64_t i = feature.begin_of(rows.begin); i < end; i++) {
        if (i + kAhead < end) PrefetchRow(weights, feature.id(i + kAhead) * dim, dim);
        const float* from = weights + feature.id(i) * dim;
        float* to = out + feature.row(i) * width;
        if (feature.is_plain()) {
          std::memcpy(to, from, static_cast<size_t>(dim) * sizeof(float));
        } else if (!feature.skips(i)) {
          const float factor = feature.factor(i);
          for (int64_t d = 0; d < dim; d++) to[d] += factor * from[d];
        }
      }
      column += dim;
    }
  }

  Counts counts_;
  FeatureAttributes attributes_;
  int64_t threads_;
  std::optional<FadingSteps> missed_;
};

EASYREC_VECTORIZED
void AdamRow(float* weights, float* m, float* v, const float* gradient, int64_t dim, float rate,
             const AdamConstants& adam) {
  const float rest1 = 1 - adam.beta1;
  const float rest2 = 1 - adam.beta2;
  const float epsilon = adam.epsilon;
  for (int64_t d = 0; d < dim; d++) {
    const float g = gradient[d];
    const float mean = m[d] + (g - m[d]) * rest1;
    const float square = v[d] + (g * g - v[d]) * rest2;
    m[d] = mean;
    v[d] = square;
    weights[d] -= mean * rate / (std::sqrt(square) + epsilon);
  }
}

EASYREC_VECTORIZED
void AdagradRow(float* weights, float* accumulator, const float* gradient, int64_t dim, float rate) {
  for (int64_t d = 0; d < dim; d++) {
    const float g = gradient[d];
    const float sum = accumulator[d] + g * g;
    accumulator[d] = sum;
    weights[d] -= rate * g / std::sqrt(sum);
  }
}

class Update {
 public:
  explicit Update(const Construction& construction)
      : counts_(construction),
        attributes_(construction, counts_.tables),
        feature_gradients_(construction.Ints("feature_gradients")),
        gradients_(static_cast<int>(construction.Int("G"))),
        threads_(construction.Int("threads")),
        is_adam_(construction.String("rule") == "adam"),
        adam_(construction) {
    if (feature_gradients_.size() != attributes_.names.size()) {
      throw InvalidArgument("feature_gradients: expected one a feature");
    }
    int64_t before = 0;
    for (const int64_t gradient : feature_gradients_) {
      if (gradient < before || gradient >= gradients_) {
        throw InvalidArgument("feature_gradients: expected ascending numbers of gradients");
      }
      before = gradient;
    }
    if (counts_.slots != counts_.tables * (is_adam_ ? 2 : 1)) {
      throw InvalidArgument("slots: expected two a table for adam, one for adagrad");
    }
  }

  void Compute(const Context& context) const {
    const Tables tables = counts_.Read(context);
    int input = tables.next_input();
    const int32_t clock = Scalar<int32_t>(context.Input(input++), "clock");
    const float rate = Scalar<float>(context.Input(input++), "rate");
    const int64_t batch_size = Scalar<int32_t>(context.Input(input++), "batch_size");
    const std::vector<Feature> features =
        easyrec::ReadFeatures(context, attributes_, tables, batch_size, input);
    std::vector<Tensor> gradients;
    for (int g = 0; g < gradients_; g++) gradients.push_back(context.Input(input + g));
    const std::vector<Place> places = PlacesOf(features, gradients, batch_size);
    const int threads = easyrec::ThreadsFor(easyrec::TotalIds(features), threads_);
    easyrec::Parallel(threads, [&](int part) {
      std::unique_ptr<RowSums> sums = pool_.Take();
      Sum(features, places, *sums, static_cast<uint32_t>(part), static_cast<uint32_t>(threads));
      Apply(tables, *sums, rate, clock);
      pool_.Return(std::move(sums));
    });
  }

 private:
  /** Where the gradient of a feature's vectors is: row r of the batch at `data + r * width`. */
  struct Place {
    const float* data;
    int64_t width;
  };

  std::vector<Place> PlacesOf(const std::vector<Feature>& features, const std::vector<Tensor>& gradients,
                              int64_t batch_size) const {
    std::vector<int64_t> columns(gradients.size(), 0);
    std::vector<Place> places;
    for (size_t f = 0; f < features.size(); f++) {
      const size_t g = static_cast<size_t>(feature_gradients_[f]);
      const std::vector<int64_t> shape = gradients[g].shape();
      if (shape.size() != 2) throw InvalidArgument("gradients: expected matrices");
      places.push_back({gradients[g].data<float>() + columns[g], shape[1]});
      columns[g] += features[f].dim();
    }
    for (size_t g = 0; g < gradients.size(); g++) {
      const std::vector<int64_t> shape = gradients[g].shape();
      if (shape != std::vector<int64_t>{batch_size, columns[g]}) {
        throw InvalidArgument("gradients: expected shape " + easyrec::FormatShape({batch_size, columns[g]}) +
                              ", received " + easyrec::FormatShape(shape));
      }
    }
    return places;
  }

  static void Sum(const std::vector<Feature>& features, const std::vector<Place>& places, RowSums& sums,
                  uint32_t part, uint32_t parts) {
    for (size_t f = 0; f < features.size(); f++) {
      const Feature& feature = features[f];
      const Place& place = places[f];
      for (int64_t i = 0; i < feature.size(); i++) {
        const int64_t id = feature.id(i);
        if (Owner(feature.table(), id, parts) != part || feature.skips(i)) continue;
        sums.Add(static_cast<uint32_t>(feature.table()), id, place.data + feature.row(i) * place.width,
                 feature.dim(), feature.factor(i));
      }
    }
  }

  void Apply(const Tables& tables, const RowSums& sums, float rate, int32_t clock) const {
    constexpr size_t kAhead = 6;
    const std::vector<RowSums::Entry>& entries = sums.entries();
    for (size_t i = 0; i < entries.size(); i++) {
      if (i + kAhead < entries.size()) {
        const RowSums::Entry& later = entries[i + kAhead];
        const Table& table = tables[later.table];
        const int64_t offset = later.row * table.dim;
        PrefetchRow(table.weights, offset, table.dim);
        PrefetchRow(table.slots[0], offset, table.dim);
        if (is_adam_) PrefetchRow(table.slots[1], offset, table.dim);
      }
      const RowSums::Entry& entry = entries[i];
      const Table& table = tables[entry.table];
      const int64_t offset = entry.row * table.dim;
      if (table.last != nullptr) {
        if (table.last[entry.row] != clock) {
          throw Error(TF_INTERNAL, "row " + std::to_string(entry.row) + " of table " +
                                       std::to_string(entry.table) + " includes " +
                                       std::to_string(table.last[entry.row]) + " steps of " +
                                       std::to_string(clock) + ": it was not looked up in this step");
        }
        table.last[entry.row] = clock + 1;
      }
      float* weights = table.weights + offset;
      if (is_adam_) {
        AdamRow(weights, table.slots[0] + offset, table.slots[1] + offset, sums.sum(entry), table.dim, rate, adam_);
      } else {
        AdagradRow(weights, table.slots[0] + offset, sums.sum(entry), table.dim, rate);
      }
    }
  }

  Counts counts_;
  FeatureAttributes attributes_;
  std::vector<int64_t> feature_gradients_;
  int gradients_;
  int64_t threads_;
  bool is_adam_;
  AdamConstants adam_;
  mutable easyrec::RowSumsPool pool_;
};

/** Ends a step: remembers its rate, and counts it. */
class Tick {
 public:
  explicit Tick(const Construction&) {}

  void Compute(const Context& context) const {
    const Tensor clock = context.Input(0);
    const Tensor rates = context.Input(1);
    if (rates.size() == 0) throw InvalidArgument("rates: expected room for at least one");
    int32_t* steps = clock.data<int32_t>();
    rates.data<float>()[*steps % rates.size()] = Scalar<float>(context.Input(2), "rate");
    ++*steps;
  }
};

/** Brings all rows of all tables up to date. */
class Settle {
 public:
  explicit Settle(const Construction& construction)
      : counts_(construction), threads_(construction.Int("threads")), missed_(AdamConstants(construction)) {}

  void Compute(const Context& context) const {
    const Tables tables = counts_.Read(context);
    const Tensor clock = context.Input(tables.next_input());
    const Tensor rates = context.Input(tables.next_input() + 1);
    const int32_t now = Scalar<int32_t>(clock, "clock");
    for (size_t t = 0; t < tables.size(); t++) {
      const Table& table = tables[t];
      const int threads = easyrec::ThreadsFor(table.rows, threads_);
      easyrec::Parallel(threads, [&](int i) {
        MissedSteps missed(missed_, now, rates.data<float>(), rates.size());
        const Part rows(table.rows, i, threads);
        for (int64_t row = rows.begin; row < rows.end; row++) missed.CatchUp(table, row);
      });
    }
  }

 private:
  Counts counts_;
  int64_t threads_;
  FadingSteps missed_;
};

/** Where tensors lie in memory. */
class Addresses {
 public:
  explicit Addresses(const Construction& construction) : count_(construction.Int("N")) {}

  void Compute(const Context& context) const {
    std::vector<Tensor> tensors;
    for (int i = 0; i < count_; i++) tensors.push_back(context.Input(i));
    const Tensor output = context.Output<int64_t>(0, {count_});
    for (size_t i = 0; i < tensors.size(); i++) {
      output.data<int64_t>()[i] = static_cast<int64_t>(reinterpret_cast<intptr_t>(TF_TensorData(tensors[i].get())));
    }
  }

 private:
  int64_t count_;
};

/** Passes a tensor on in memory that nothing else uses. */
template <typename T>
class Owned {
 public:
  explicit Owned(const Construction&) {}

  void Compute(const Context& context) const {
    const std::vector<int64_t> shape = context.Input(0).shape();
    bool forwarded = false;
    const Tensor output = context.ForwardOrOutput<T>(0, 0, shape, forwarded);
    if (forwarded) return;
    const Tensor input = context.Input(0);
    std::copy_n(input.data<T>(), input.size(), output.data<T>());
  }
};

void UnknownShape(const ShapeContext& context) { context.SetUnknownOutputs(); }
void NoOutputs(const ShapeContext&) {}
void SameShape(const ShapeContext& context) { context.SetOutput(0, context.Input(0)); }

[[maybe_unused]] const bool registered = [] {
  // All are stateful: they read and write variables, so no two calls are the same.
  easyrec::OpDefinition("EasyRecEmbeddingLookup")
      .Input("tables: T * float")
      .Input("slots: S * float")
      .Input("last: L * int32")
      .Input("clock: int32")
      .Input("rates: float")
      .Input("batch_size: int32")
      .Input("ids: F * int64")
      .Input("rows: F * int64")
      .Input("weights: F * float")
      .Output("vectors: float")
      .Attribute("T: int >= 1")
      .Attribute("S: int >= 0")
      .Attribute("L: int >= 0")
      .Attribute("F: int >= 1")
      .Attribute("features: list(string)")
      .Attribute("feature_tables: list(int)")
      .Attribute("combiners: list(string)")
      .Attribute("beta1: float = 0.9")
      .Attribute("beta2: float = 0.999")
      .Attribute("epsilon: float = 1e-8")
      .Attribute("threads: int >= 1 = 1")
      .Stateful()
      .ShapeFunction<UnknownShape>()
      .Register();
  easyrec::RegisterKernel<Lookup>("EasyRecEmbeddingLookup");

  easyrec::OpDefinition("EasyRecEmbeddingUpdate")
      .Input("tables: T * float")
      .Input("slots: S * float")
      .Input("last: L * int32")
      .Input("clock: int32")
      .Input("rate: float")
      .Input("batch_size: int32")
      .Input("ids: F * int64")
      .Input("rows: F * int64")
      .Input("weights: F * float")
      .Input("gradients: G * float")
      .Attribute("T: int >= 1")
      .Attribute("S: int >= 0")
      .Attribute("L: int >= 0")
      .Attribute("F: int >= 1")
      .Attribute("G: int >= 1")
      .Attribute("features: list(string)")
      .Attribute("feature_tables: list(int)")
      .Attribute("combiners: list(string)")
      .Attribute("feature_gradients: list(int)")
      .Attribute("rule: {'adam', 'adagrad'}")
      .Attribute("beta1: float = 0.9")
      .Attribute("beta2: float = 0.999")
      .Attribute("epsilon: float = 1e-8")
      .Attribute("threads: int >= 1 = 1")
      .Stateful()
      .ShapeFunction<NoOutputs>()
      .Register();
  easyrec::RegisterKernel<Update>("EasyRecEmbeddingUpdate");

  easyrec::OpDefinition("EasyRecEmbeddingTick")
      .Input("clock: int32")
      .Input("rates: float")
      .Input("rate: float")
      .Stateful()
      .ShapeFunction<NoOutputs>()
      .Register();
  easyrec::RegisterKernel<Tick>("EasyRecEmbeddingTick");

  easyrec::OpDefinition("EasyRecEmbeddingSettle")
      .Input("tables: T * float")
      .Input("slots: S * float")
      .Input("last: L * int32")
      .Input("clock: int32")
      .Input("rates: float")
      .Attribute("T: int >= 1")
      .Attribute("S: int >= 0")
      .Attribute("L: int >= 0")
      .Attribute("beta1: float = 0.9")
      .Attribute("beta2: float = 0.999")
      .Attribute("epsilon: float = 1e-8")
      .Attribute("threads: int >= 1 = 1")
      .Stateful()
      .ShapeFunction<NoOutputs>()
      .Register();
  easyrec::RegisterKernel<Settle>("EasyRecEmbeddingSettle");

  easyrec::OpDefinition("EasyRecAddresses")
      .Input("tensors: N * T")
      .Output("addresses: int64")
      .Attribute("N: int >= 1")
      .Attribute("T: {float, int32}")
      .Stateful()
      .ShapeFunction<UnknownShape>()
      .Register();
  easyrec::RegisterKernel<Addresses>("EasyRecAddresses");

  easyrec::OpDefinition("EasyRecOwned")
      .Input("x: T")
      .Output("y: T")
      .Attribute("T: {float, int32}")
      .Stateful()
      .ShapeFunction<SameShape>()
      .Register();
  easyrec::RegisterKernel<Owned<float>>("EasyRecOwned", {{"T", TF_FLOAT}});
  easyrec::RegisterKernel<Owned<int32_t>>("EasyRecOwned", {{"T", TF_INT32}});
  return true;
}();

}  // namespace
