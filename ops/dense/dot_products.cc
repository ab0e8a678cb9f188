// EasyRecDotProducts and EasyRecDotProductsGrad: dot products of all pairs of fields. See README.md.
#include <algorithm>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/vectorized.h"
#include "fields.h"
#include "threads.h"

namespace easyrec::dense {

namespace {

constexpr int64_t kLanes = 8;
constexpr int64_t kChunk = 16;

template <typename T>
using Inputs = std::vector<Field<const T>>;
template <typename T>
using Outputs = std::vector<Field<T>>;

int64_t RoundUp(int64_t size) { return (size + kLanes - 1) / kLanes * kLanes; }

/** How many pairs there are of `count` fields. */
int64_t PairsOf(int64_t count, bool diagonal) { return count * (count + (diagonal ? 1 : -1)) / 2; }

/**
 * One field at a time with all before it, side by side, so that no sum is split up: each product adds up its D terms in
 * their order. `scratch` holds (D + 1) * RoundUp(N) numbers.
 */
template <typename T>
inline __attribute__((always_inline)) void Products(const Inputs<T>& fields, Rows rows, int64_t width, bool diagonal,
                                                    T* __restrict scratch, T* products) {
  const int64_t count = static_cast<int64_t>(fields.size());
  const int64_t padded = RoundUp(count);
  T* __restrict across = scratch;  // [D, N]: the fields' vectors as columns
  T* __restrict sums = scratch + width * padded;
  std::fill_n(across, width * padded, T(0));
  T* y = products + rows.begin * PairsOf(count, diagonal);
  for (int64_t row = rows.begin; row < rows.end; row++) {
    for (int64_t i = 0; i < count; i++) {
      const T* __restrict x = fields[static_cast<size_t>(i)].data + row * fields[static_cast<size_t>(i)].stride;
      for (int64_t d = 0; d < width; d++) across[d * padded + i] = x[d];
    }
    for (int64_t i = 0; i < count; i++) {
      const int64_t end = diagonal ? i + 1 : i;
      const int64_t vectors = RoundUp(end);
      const T* __restrict x = fields[static_cast<size_t>(i)].data + row * fields[static_cast<size_t>(i)].stride;
      for (int64_t first = 0; first < vectors; first += kLanes) {
        T sum[kLanes] = {};
        for (int64_t d = 0; d < width; d++) {
          const T* __restrict others = across + d * padded + first;
          for (int64_t lane = 0; lane < kLanes; lane++) sum[lane] += x[d] * others[lane];
        }
        for (int64_t lane = 0; lane < kLanes; lane++) sums[first + lane] = sum[lane];
      }
      for (int64_t j = 0; j < end; j++) *y++ = sums[j];
    }
  }
}

/** Adds `g * x` to the numbers at hand; `lanes` is kChunk wherever possible, so that these stay in registers. */
template <typename T>
inline __attribute__((always_inline)) void AddScaled(T g, const T* __restrict x, int64_t lanes, T* __restrict sum) {
  for (int64_t lane = 0; lane < lanes; lane++) sum[lane] += g * x[lane];
}

/** The gradient of one field, `kChunk` of its columns at a time: the sum over all others, odd and even ones apart. */
template <typename T>
inline __attribute__((always_inline)) void FieldGradient(const Inputs<T>& fields, int64_t row, int64_t i, int64_t first,
                                                         int64_t lanes, bool diagonal, const T* dy, T* __restrict dx) {
  T even[kChunk] = {};
  T odd[kChunk] = {};
  const auto vector = [&](int64_t j) {
    const Field<const T>& field = fields[static_cast<size_t>(j)];
    return field.data + row * field.stride + first;
  };
  const auto add = [&](int64_t begin, int64_t end, const auto& slope) {
    int64_t j = begin;
    if (j < end && j % 2 == 1) AddScaled(slope(j), vector(j), lanes, odd), j++;
    for (; j + 2 <= end; j += 2) {
      AddScaled(slope(j), vector(j), lanes, even);
      AddScaled(slope(j + 1), vector(j + 1), lanes, odd);
    }
    if (j < end) AddScaled(slope(j), vector(j), lanes, even);
  };
  const T* own = dy + PairsOf(i, diagonal);
  add(0, i, [&](int64_t j) { return own[j]; });
  if (diagonal) add(i, i + 1, [&](int64_t j) { return own[j] + own[j]; });
  add(i + 1, static_cast<int64_t>(fields.size()), [&](int64_t j) { return dy[PairsOf(j, diagonal) + i]; });
  for (int64_t lane = 0; lane < lanes; lane++) dx[first + lane] = even[lane] + odd[lane];
}

template <typename T>
inline __attribute__((always_inline)) void ProductGradients(const Inputs<T>& fields, Rows rows, int64_t width,
                                                            bool diagonal, const T* dys, const Outputs<T>& dxs) {
  const int64_t count = static_cast<int64_t>(fields.size());
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const T* dy = dys + row * PairsOf(count, diagonal);
    for (int64_t i = 0; i < count; i++) {
      T* dx = dxs[static_cast<size_t>(i)].data + row * dxs[static_cast<size_t>(i)].stride;
      int64_t first = 0;
      for (; first + kChunk <= width; first += kChunk) {
        FieldGradient<T>(fields, row, i, first, kChunk, diagonal, dy, dx);
      }
      if (first < width) FieldGradient<T>(fields, row, i, first, width - first, diagonal, dy, dx);
    }
  }
}

#define EASYREC_PRODUCT_LOOPS(T)                                                                                 \
  EASYREC_VECTORIZED void RunProducts(const Inputs<T>& fields, Rows rows, int64_t width, bool diagonal,          \
                                      T* scratch, T* products) {                                                 \
    Products<T>(fields, rows, width, diagonal, scratch, products);                                               \
  }                                                                                                              \
  EASYREC_VECTORIZED void RunProductGradients(const Inputs<T>& fields, Rows rows, int64_t width, bool diagonal,  \
                                              const T* dy, const Outputs<T>& dx) {                               \
    ProductGradients<T>(fields, rows, width, diagonal, dy, dx);                                                  \
  }
EASYREC_PRODUCT_LOOPS(float)
EASYREC_PRODUCT_LOOPS(double)
#undef EASYREC_PRODUCT_LOOPS

template <typename T>
class DotProducts {
 public:
  explicit DotProducts(const Construction& construction)
      : width_(PositiveInt(construction, "width")),
        count_(construction.Int("N")),
        diagonal_(construction.Bool("diagonal")),
        threads_(construction) {}

  void Compute(const Context& context) const {
    const Fields<T> fields(context, static_cast<int>(count_), width_);
    const int64_t count = static_cast<int64_t>(fields.fields().size());
    const Tensor products = context.Output<T>(0, {fields.rows(), PairsOf(count, diagonal_)});
    T* const to = products.data<T>();
    threads_.Run(RowBlocks(fields.rows()), products.size() * width_, [&](Rows rows, int64_t) {
      std::vector<T> scratch(static_cast<size_t>((width_ + 1) * RoundUp(count)));
      RunProducts(fields.fields(), rows, width_, diagonal_, scratch.data(), to);
    });
  }

 private:
  int64_t width_;
  int64_t count_;
  bool diagonal_;
  Threads threads_;
};

template <typename T>
class DotProductsGrad {
 public:
  explicit DotProductsGrad(const Construction& construction)
      : width_(PositiveInt(construction, "width")),
        count_(construction.Int("N")),
        diagonal_(construction.Bool("diagonal")),
        threads_(construction) {}

  void Compute(const Context& context) const {
    const int count = static_cast<int>(count_);
    const Fields<T> fields(context, count, width_);
    const Tensor dy = context.Input(count);
    ExpectShape(dy, "dy", {fields.rows(), PairsOf(static_cast<int64_t>(fields.fields().size()), diagonal_)});
    const FieldGradients<T> gradients(context, fields, width_);
    const T* const from = dy.data<T>();
    threads_.Run(RowBlocks(fields.rows()), dy.size() * width_, [&](Rows rows, int64_t) {
      RunProductGradients(fields.fields(), rows, width_, diagonal_, from, gradients.fields());
    });
  }

 private:
  int64_t width_;
  int64_t count_;
  bool diagonal_;
  Threads threads_;
};

void DotProductShapes(const ShapeContext& context) { SetRowsByUnknown(context, 1); }
void DotProductGradShapes(const ShapeContext& context) { SetFieldShapes(context, 1); }

[[maybe_unused]] const bool registered = [] {
  OpDefinition("EasyRecDotProducts")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("N: int >= 1")
      .Attribute("width: int >= 1")
      .Attribute("diagonal: bool = false")
      .Attribute("threads: int = 0")
      .Input("fields: N * T")
      .Output("products: T")
      .ShapeFunction<DotProductShapes>()
      .Register();
  OpDefinition("EasyRecDotProductsGrad")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("N: int >= 1")
      .Attribute("width: int >= 1")
      .Attribute("diagonal: bool = false")
      .Attribute("threads: int = 0")
      .Input("fields: N * T")
      .Input("dy: T")
      .Output("gradients: N * T")
      .ShapeFunction<DotProductGradShapes>()
      .Register();
  RegisterKernel<DotProducts<float>>("EasyRecDotProducts", {{"T", TF_FLOAT}});
  RegisterKernel<DotProducts<double>>("EasyRecDotProducts", {{"T", TF_DOUBLE}});
  RegisterKernel<DotProductsGrad<float>>("EasyRecDotProductsGrad", {{"T", TF_FLOAT}});
  RegisterKernel<DotProductsGrad<double>>("EasyRecDotProductsGrad", {{"T", TF_DOUBLE}});
  return true;
}();

}  // namespace

}  // namespace easyrec::dense
