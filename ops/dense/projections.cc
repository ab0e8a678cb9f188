// EasyRecProjections and EasyRecProjectionsGrad: vectors multiplied with the numbers of each row. See README.md.
#include <algorithm>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/vectorized.h"
#include "fields.h"
#include "threads.h"

namespace easyrec::dense {

namespace {

/** N fields, for each of which a row has K numbers and all rows share K vectors of D. */
struct Sizes {
  int64_t rows;
  int64_t fields;
  /** K. */
  int64_t numbers;
  /** D. */
  int64_t width;

  int64_t number_columns() const { return fields * numbers; }
  int64_t vector_columns() const { return fields * width; }
};

template <typename T>
inline __attribute__((always_inline)) void Project(const Sizes& sizes, Rows rows, const T* numbers, const T* vectors,
                                                   T* results) {
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const T* number = numbers + row * sizes.number_columns();
    for (int64_t n = 0; n < sizes.fields; n++) {
      T* __restrict result = results + row * sizes.vector_columns() + n * sizes.width;
      for (int64_t k = 0; k < sizes.numbers; k++) {
        const T factor = number[n * sizes.numbers + k];
        const T* __restrict vector = vectors + k * sizes.vector_columns() + n * sizes.width;
        for (int64_t d = 0; d < sizes.width; d++) result[d] = (k == 0 ? T(0) : result[d]) + factor * vector[d];
      }
    }
  }
}

/** What the rows of a block contribute to the gradient of the vectors, [K, N D]. */
template <typename T>
inline __attribute__((always_inline)) void SumGradients(const Sizes& sizes, Rows rows, const T* numbers, const T* dys,
                                                        T* sums) {
  std::fill_n(sums, sizes.numbers * sizes.vector_columns(), T(0));
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const T* number = numbers + row * sizes.number_columns();
    for (int64_t n = 0; n < sizes.fields; n++) {
      const T* __restrict dy = dys + row * sizes.vector_columns() + n * sizes.width;
      for (int64_t k = 0; k < sizes.numbers; k++) {
        const T factor = number[n * sizes.numbers + k];
        T* __restrict sum = sums + k * sizes.vector_columns() + n * sizes.width;
        for (int64_t d = 0; d < sizes.width; d++) sum[d] += factor * dy[d];
      }
    }
  }
}

#define EASYREC_PROJECTION_LOOPS(T)                                                                           \
  EASYREC_VECTORIZED void RunProjections(const Sizes& sizes, Rows rows, const T* numbers, const T* vectors,   \
                                         T* results) {                                                        \
    Project(sizes, rows, numbers, vectors, results);                                                          \
  }                                                                                                           \
  EASYREC_VECTORIZED void RunProjectionSums(const Sizes& sizes, Rows rows, const T* numbers, const T* dys,    \
                                            T* sums) {                                                        \
    SumGradients(sizes, rows, numbers, dys, sums);                                                            \
  }
EASYREC_PROJECTION_LOOPS(float)
EASYREC_PROJECTION_LOOPS(double)
#undef EASYREC_PROJECTION_LOOPS

/** The sizes of `numbers` [B, N K] and of what else is known to be [?, N D]. */
Sizes SizesOf(const Tensor& numbers, const Tensor& other, const char* name, int64_t fields) {
  const std::string expected = "] for " + std::to_string(fields) + " fields, received ";
  if (numbers.rank() != 2 || numbers.shape()[1] % fields != 0) {
    throw InvalidArgument("numbers: expected shape [B, N K" + expected + FormatShape(numbers.shape()));
  }
  if (other.rank() != 2 || other.shape()[1] % fields != 0) {
    throw InvalidArgument(std::string(name) + ": expected shape [?, N D" + expected + FormatShape(other.shape()));
  }
  return {numbers.shape()[0], fields, numbers.shape()[1] / fields, other.shape()[1] / fields};
}

template <typename T>
class Projections {
 public:
  explicit Projections(const Construction& construction)
      : fields_(PositiveInt(construction, "fields")), threads_(construction) {}

  void Compute(const Context& context) const {
    const Tensor numbers = context.Input(0);
    const Tensor vectors = context.Input(1);
    const Sizes sizes = SizesOf(numbers, vectors, "vectors", fields_);
    ExpectShape(vectors, "vectors", {sizes.numbers, sizes.vector_columns()});
    const Tensor result = context.Output<T>(0, {sizes.rows, sizes.vector_columns()});
    const T* const factors = numbers.data<T>();
    const T* const vector = vectors.data<T>();
    T* const results = result.data<T>();
    if (sizes.numbers == 0) {
      std::fill_n(results, result.size(), T(0));
      return;
    }
    threads_.Run(RowBlocks(sizes.rows), result.size(),
                 [&](Rows rows, int64_t) { RunProjections(sizes, rows, factors, vector, results); });
  }

 private:
  int64_t fields_;
  Threads threads_;
};

template <typename T>
class ProjectionsGrad {
 public:
  explicit ProjectionsGrad(const Construction& construction)
      : fields_(PositiveInt(construction, "fields")), threads_(construction) {}

  void Compute(const Context& context) const {
    const Tensor numbers = context.Input(0);
    const Tensor dy = context.Input(1);
    const Sizes sizes = SizesOf(numbers, dy, "dy", fields_);
    ExpectShape(dy, "dy", {sizes.rows, sizes.vector_columns()});
    const Tensor gradient = context.Output<T>(0, {sizes.numbers, sizes.vector_columns()});
    const T* const factors = numbers.data<T>();
    const T* const dys = dy.data<T>();
    T* const total = gradient.data<T>();
    const RowBlocks blocks(sizes.rows);
    std::vector<T> sums(static_cast<size_t>(blocks.count() * gradient.size()));
    threads_.Run(blocks, dy.size(), [&](Rows rows, int64_t block) {
      RunProjectionSums(sizes, rows, factors, dys, sums.data() + block * gradient.size());
    });
    std::fill_n(total, gradient.size(), T(0));
    for (int64_t block = 0; block < blocks.count(); block++) {
      const T* const part = sums.data() + block * gradient.size();
      for (int64_t i = 0; i < gradient.size(); i++) total[i] += part[i];
    }
  }

 private:
  int64_t fields_;
  Threads threads_;
};

void ProjectionShapes(const ShapeContext& context) {
  const auto dim = [&](int input, int axis) {
    const Shape shape = context.Input(input);
    return context.Vector(context.Rank(shape) == 2 ? context.Dim(shape, axis) : ShapeContext::kUnknown);
  };
  context.SetOutput(0, context.Concatenate(dim(0, 0), dim(1, 1)));
}

void ProjectionGradShapes(const ShapeContext& context) {
  const Shape dy = context.Input(1);
  const int64_t columns = context.Rank(dy) == 2 ? context.Dim(dy, 1) : ShapeContext::kUnknown;
  context.SetOutput(0, context.Concatenate(context.Vector(ShapeContext::kUnknown), context.Vector(columns)));
}

[[maybe_unused]] const bool registered = [] {
  OpDefinition("EasyRecProjections")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("fields: int >= 1")
      .Attribute("threads: int = 0")
      .Input("numbers: T")
      .Input("vectors: T")
      .Output("projections: T")
      .ShapeFunction<ProjectionShapes>()
      .Register();
  OpDefinition("EasyRecProjectionsGrad")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("fields: int >= 1")
      .Attribute("threads: int = 0")
      .Input("numbers: T")
      .Input("dy: T")
      .Output("gradient: T")
      .ShapeFunction<ProjectionGradShapes>()
      .Register();
  RegisterKernel<Projections<float>>("EasyRecProjections", {{"T", TF_FLOAT}});
  RegisterKernel<Projections<double>>("EasyRecProjections", {{"T", TF_DOUBLE}});
  RegisterKernel<ProjectionsGrad<float>>("EasyRecProjectionsGrad", {{"T", TF_FLOAT}});
  RegisterKernel<ProjectionsGrad<double>>("EasyRecProjectionsGrad", {{"T", TF_DOUBLE}});
  return true;
}();

}  // namespace

}  // namespace easyrec::dense
