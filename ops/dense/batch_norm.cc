// EasyRecBatchNorm and EasyRecBatchNormGrad: batch normalization by the statistics of the batch, with the activation
// behind it. See README.md.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/vectorized.h"
#include "fields.h"
#include "threads.h"

namespace easyrec::dense {

namespace {

/** What both kernels know of each column. */
template <typename T>
struct Columns {
  const T* mean;
  /** gamma / sqrt(variance + epsilon). */
  const T* scale;
  const T* beta;
};

/**
 * Per column of a block, which stays in the cache between both passes: about its mean, the sum of the differences from
 * that (what rounding left), and the sum of their squares.
 */
template <typename T>
inline __attribute__((always_inline)) void BlockMoments(const T* x, Rows rows, int64_t columns, T* __restrict mean,
                                                        T* __restrict rest, T* __restrict squares) {
  const T count = static_cast<T>(rows.end - rows.begin);
  for (int64_t c = 0; c < columns; c++) mean[c] = rest[c] = squares[c] = 0;
  int64_t row = rows.begin;
  for (; row + 4 <= rows.end; row += 4) {
    const T* __restrict a = x + row * columns;
    for (int64_t c = 0; c < columns; c++) {
      mean[c] += (a[c] + a[c + columns]) + (a[c + 2 * columns] + a[c + 3 * columns]);
    }
  }
  for (; row < rows.end; row++) {
    for (int64_t c = 0; c < columns; c++) mean[c] += x[row * columns + c];
  }
  for (int64_t c = 0; c < columns; c++) mean[c] /= count;
  for (row = rows.begin; row + 4 <= rows.end; row += 4) {
    const T* __restrict a = x + row * columns;
    for (int64_t c = 0; c < columns; c++) {
      const T m = mean[c];
      const T d0 = a[c] - m, d1 = a[c + columns] - m, d2 = a[c + 2 * columns] - m, d3 = a[c + 3 * columns] - m;
      rest[c] += (d0 + d1) + (d2 + d3);
      squares[c] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3);
    }
  }
  for (; row < rows.end; row++) {
    for (int64_t c = 0; c < columns; c++) {
      const T d = x[row * columns + c] - mean[c];
      rest[c] += d;
      squares[c] += d * d;
    }
  }
}

template <typename T, bool kRelu>
inline __attribute__((always_inline)) void Normalize(const T* xs, Rows rows, int64_t columns, Columns<T> by, T* ys) {
  const T* __restrict mean = by.mean;
  const T* __restrict scale = by.scale;
  const T* __restrict beta = by.beta;
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const T* __restrict x = xs + row * columns;
    T* __restrict y = ys + row * columns;
    for (int64_t c = 0; c < columns; c++) {
      const T value = (x[c] - mean[c]) * scale[c] + beta[c];
      y[c] = kRelu && value < 0 ? T(0) : value;
    }
  }
}

/** Sums over a block of the gradient before the activation, and of that times the distance from the mean. */
template <typename T, bool kRelu>
inline __attribute__((always_inline)) void GradientSums(const T* xs, const T* dys, Rows rows, int64_t columns,
                                                        Columns<T> by, T* __restrict sum, T* __restrict products) {
  const T* __restrict mean = by.mean;
  const T* __restrict scale = by.scale;
  const T* __restrict beta = by.beta;
  for (int64_t c = 0; c < columns; c++) sum[c] = products[c] = 0;
  int64_t row = rows.begin;
  // Four rows at a time: sums go to memory and back a quarter as often.
  for (; row + 4 <= rows.end; row += 4) {
    const T* __restrict x = xs + row * columns;
    const T* __restrict dy = dys + row * columns;
    for (int64_t c = 0; c < columns; c++) {
      const T m = mean[c], s = scale[c], b = beta[c];
      T g[4], product[4];
      for (int64_t i = 0; i < 4; i++) {
        const T distance = x[c + i * columns] - m;
        const T slope = dy[c + i * columns];
        // Computed as in Normalize, to the bit.
        g[i] = !kRelu || distance * s + b > 0 ? slope : T(0);
        product[i] = g[i] * distance;
      }
      sum[c] += (g[0] + g[1]) + (g[2] + g[3]);
      products[c] += (product[0] + product[1]) + (product[2] + product[3]);
    }
  }
  for (; row < rows.end; row++) {
    for (int64_t c = 0; c < columns; c++) {
      const T distance = xs[row * columns + c] - mean[c];
      const T g = !kRelu || distance * scale[c] + beta[c] > 0 ? dys[row * columns + c] : T(0);
      sum[c] += g;
      products[c] += g * distance;
    }
  }
}

/** `dx` may be the memory of `dy`. */
template <typename T, bool kRelu>
inline __attribute__((always_inline)) void InputGradient(const T* xs, const T* dys, Rows rows, int64_t columns,
                                                         Columns<T> by, const T* __restrict mean_g,
                                                         const T* __restrict slope, T* dxs) {
  const T* __restrict mean = by.mean;
  const T* __restrict scale = by.scale;
  const T* __restrict beta = by.beta;
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const T* __restrict x = xs + row * columns;
    const T* dy = dys + row * columns;
    T* dx = dxs + row * columns;
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; c++) {
      const T distance = x[c] - mean[c];
      const T slope_y = dy[c];
      const T g = !kRelu || distance * scale[c] + beta[c] > 0 ? slope_y : T(0);
      dx[c] = scale[c] * ((g - mean_g[c]) - distance * slope[c]);
    }
  }
}

#define EASYREC_BATCH_NORM_LOOPS(T)                                                                               \
  EASYREC_VECTORIZED void RunMoments(const T* x, Rows rows, int64_t columns, T* moments) {                        \
    BlockMoments<T>(x, rows, columns, moments, moments + columns, moments + 2 * columns);                         \
  }                                                                                                               \
  EASYREC_VECTORIZED void RunNormalize(bool relu, const T* x, Rows rows, int64_t columns, Columns<T> by, T* y) {  \
    if (relu) return Normalize<T, true>(x, rows, columns, by, y);                                                 \
    Normalize<T, false>(x, rows, columns, by, y);                                                                 \
  }                                                                                                               \
  EASYREC_VECTORIZED void RunGradientSums(bool relu, const T* x, const T* dy, Rows rows, int64_t columns,         \
                                          Columns<T> by, T* sum, T* products) {                                   \
    if (relu) return GradientSums<T, true>(x, dy, rows, columns, by, sum, products);                              \
    GradientSums<T, false>(x, dy, rows, columns, by, sum, products);                                              \
  }                                                                                                               \
  EASYREC_VECTORIZED void RunInputGradient(bool relu, const T* x, const T* dy, Rows rows, int64_t columns,        \
                                           Columns<T> by, const T* mean_g, const T* slope, T* dx) {               \
    if (relu) return InputGradient<T, true>(x, dy, rows, columns, by, mean_g, slope, dx);                         \
    InputGradient<T, false>(x, dy, rows, columns, by, mean_g, slope, dx);                                         \
  }
EASYREC_BATCH_NORM_LOOPS(float)
EASYREC_BATCH_NORM_LOOPS(double)
#undef EASYREC_BATCH_NORM_LOOPS

/** A tensor as a matrix: all dimensions but the last are rows. */
struct Matrix {
  explicit Matrix(const Tensor& tensor) : shape(tensor.shape()) {
    if (shape.size() < 2) throw InvalidArgument("x: expected rank 2 or more, received shape " + FormatShape(shape));
    columns = shape.back();
    rows = 1;
    for (size_t i = 0; i + 1 < shape.size(); i++) rows *= shape[i];
  }

  std::vector<int64_t> shape;
  int64_t rows;
  int64_t columns;
};

bool ReluOf(const Construction& construction) {
  const std::string name = construction.String("activation");
  if (name != "linear" && name != "relu") {
    throw InvalidArgument("activation: expected linear or relu, received '" + name + "'");
  }
  return name == "relu";
}

template <typename T>
class BatchNorm {
 public:
  explicit BatchNorm(const Construction& construction)
      : relu_(ReluOf(construction)), epsilon_(construction.Float("epsilon")), threads_(construction) {}

  void Compute(const Context& context) const {
    const Tensor x = context.Input(0);
    const Tensor gamma = context.Input(1);
    const Tensor beta = context.Input(2);
    const Matrix matrix(x);
    const int64_t columns = matrix.columns;
    ExpectShape(gamma, "gamma", {columns});
    ExpectShape(beta, "beta", {columns});
    const Tensor y = context.Output<T>(0, matrix.shape);
    const Tensor mean = context.Output<T>(1, {columns});
    const Tensor variance = context.Output<T>(2, {columns});
    const Tensor inverse = context.Output<T>(3, {columns});
    Moments(x.data<T>(), matrix, mean.data<T>(), variance.data<T>());
    std::vector<T> scale(static_cast<size_t>(columns));
    for (int64_t c = 0; c < columns; c++) {
      inverse.data<T>()[c] = T(1) / std::sqrt(variance.data<T>()[c] + static_cast<T>(epsilon_));
      scale[static_cast<size_t>(c)] = gamma.data<T>()[c] * inverse.data<T>()[c];
    }
    const Columns<T> by{mean.data<T>(), scale.data(), beta.data<T>()};
    const T* const from = x.data<T>();
    T* const to = y.data<T>();
    threads_.Run(RowBlocks(matrix.rows), matrix.rows * columns,
                 [&](Rows rows, int64_t) { RunNormalize(relu_, from, rows, columns, by, to); });
  }

 private:
  /** Of the blocks, then of all by Chan's formula: no digits are lost where the mean is large. */
  void Moments(const T* x, const Matrix& matrix, T* mean, T* variance) const {
    const int64_t columns = matrix.columns;
    const RowBlocks blocks(matrix.rows);
    std::vector<T> moments(static_cast<size_t>(3 * blocks.count() * columns));
    threads_.Run(blocks, matrix.rows * columns, [&](Rows rows, int64_t i) {
      RunMoments(x, rows, columns, moments.data() + 3 * i * columns);
    });
    std::vector<double> means(static_cast<size_t>(columns));
    std::vector<double> squares(static_cast<size_t>(columns));
    double seen = 0;
    for (int64_t i = 0; i < blocks.count(); i++) {
      const T* const own = moments.data() + 3 * i * columns;
      const double count = static_cast<double>(blocks.at(i).end - blocks.at(i).begin);
      const double share = count / (seen + count);
      const double weight = seen * share;
      for (int64_t c = 0; c < columns; c++) {
        const size_t at = static_cast<size_t>(c);
        const double rest = static_cast<double>(own[columns + c]) / count;
        const double distance = (static_cast<double>(own[c]) - means[at]) + rest;
        means[at] += distance * share;
        squares[at] += (static_cast<double>(own[2 * columns + c]) - rest * rest * count) + distance * distance * weight;
      }
      seen += count;
    }
    const double rows = matrix.rows == 0 ? 1 : seen;
    for (int64_t c = 0; c < columns; c++) {
      mean[c] = static_cast<T>(means[static_cast<size_t>(c)]);
      variance[c] = static_cast<T>(std::max(squares[static_cast<size_t>(c)] / rows, 0.0));
    }
  }

  bool relu_;
  float epsilon_;
  Threads threads_;
};

template <typename T>
class BatchNormGrad {
 public:
  explicit BatchNormGrad(const Construction& construction)
      : relu_(ReluOf(construction)), threads_(construction) {}

  void Compute(const Context& context) const {
    const Tensor x = context.Input(1);
    const Tensor gamma = context.Input(2);
    const Tensor beta = context.Input(3);
    const Tensor mean = context.Input(4);
    const Tensor inverse = context.Input(5);
    const Matrix matrix(x);
    const int64_t columns = matrix.columns;
    for (const Tensor* tensor : {&gamma, &beta, &mean, &inverse}) {
      ExpectShape(*tensor, "gamma, beta, mean and inverse", {columns});
    }
    ExpectShape(context.Input(0), "dy", matrix.shape);
    bool forwarded = false;
    const Tensor dx = context.ForwardOrOutput<T>(0, 0, matrix.shape, forwarded);
    const Tensor dy = forwarded ? Tensor(nullptr) : context.Input(0);
    const T* const dys = forwarded ? dx.data<T>() : dy.data<T>();
    const Tensor dgamma = context.Output<T>(1, {columns});
    const Tensor dbeta = context.Output<T>(2, {columns});

    std::vector<T> scale(static_cast<size_t>(columns));
    for (int64_t c = 0; c < columns; c++) {
      scale[static_cast<size_t>(c)] = gamma.data<T>()[c] * inverse.data<T>()[c];
    }
    const Columns<T> by{mean.data<T>(), scale.data(), beta.data<T>()};
    const Sums sums = AddUp(x.data<T>(), dys, matrix, by);
    const double rows = static_cast<double>(matrix.rows);
    std::vector<T> mean_g(static_cast<size_t>(columns));
    std::vector<T> slope(static_cast<size_t>(columns));
    for (size_t c = 0; c < static_cast<size_t>(columns); c++) {
      const double inverse_c = static_cast<double>(inverse.data<T>()[c]);
      dgamma.data<T>()[c] = static_cast<T>(sums.products[c] * inverse_c);
      dbeta.data<T>()[c] = static_cast<T>(sums.gradients[c]);
      mean_g[c] = static_cast<T>(sums.gradients[c] / rows);
      slope[c] = static_cast<T>(sums.products[c] * inverse_c * inverse_c / rows);
    }
    const T* const xs = x.data<T>();
    T* const dxs = dx.data<T>();
    threads_.Run(RowBlocks(matrix.rows), matrix.rows * columns, [&](Rows part, int64_t) {
      RunInputGradient(relu_, xs, dys, part, columns, by, mean_g.data(), slope.data(), dxs);
    });
  }

 private:
  struct Sums {
    std::vector<double> gradients;
    std::vector<double> products;
  };

  Sums AddUp(const T* x, const T* dy, const Matrix& matrix, Columns<T> by) const {
    const int64_t columns = matrix.columns;
    const RowBlocks blocks(matrix.rows);
    std::vector<T> parts(static_cast<size_t>(2 * blocks.count() * columns));
    threads_.Run(blocks, matrix.rows * columns, [&](Rows rows, int64_t i) {
      T* const own = parts.data() + 2 * i * columns;
      RunGradientSums(relu_, x, dy, rows, columns, by, own, own + columns);
    });
    Sums sums{std::vector<double>(static_cast<size_t>(columns)), std::vector<double>(static_cast<size_t>(columns))};
    for (int64_t i = 0; i < blocks.count(); i++) {
      const T* const own = parts.data() + 2 * i * columns;
      for (size_t c = 0; c < static_cast<size_t>(columns); c++) {
        sums.gradients[c] += static_cast<double>(own[c]);
        sums.products[c] += static_cast<double>(own[static_cast<size_t>(columns) + c]);
      }
    }
    return sums;
  }

  bool relu_;
  Threads threads_;
};

/** The vector of the last dimension of input `index`. */
Shape ColumnVector(const ShapeContext& context, int index) {
  const Shape x = context.Input(index);
  const int64_t rank = context.Rank(x);
  if (rank == ShapeContext::kUnknown) return context.Vector(ShapeContext::kUnknown);
  if (rank < 2) throw InvalidArgument("x: expected rank 2 or more, received shape " + context.Format(x));
  return context.Slice(x, rank - 1, rank);
}

void BatchNormShapes(const ShapeContext& context) {
  context.SetOutput(0, context.Input(0));
  const Shape vector = ColumnVector(context, 0);
  for (int i = 1; i < 4; i++) context.SetOutput(i, vector);
}

void BatchNormGradShapes(const ShapeContext& context) {
  context.SetOutput(0, context.Input(1));
  const Shape vector = ColumnVector(context, 1);
  for (int i = 1; i < 3; i++) context.SetOutput(i, vector);
}

[[maybe_unused]] const bool registered = [] {
  OpDefinition("EasyRecBatchNorm")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("epsilon: float = 0.001")
      .Attribute("activation: string = 'linear'")
      .Attribute("threads: int = 0")
      .Input("x: T")
      .Input("gamma: T")
      .Input("beta: T")
      .Output("y: T")
      .Output("mean: T")
      .Output("variance: T")
      .Output("inverse: T")
      .ShapeFunction<BatchNormShapes>()
      .Register();
  OpDefinition("EasyRecBatchNormGrad")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("activation: string = 'linear'")
      .Attribute("threads: int = 0")
      .Input("dy: T")
      .Input("x: T")
      .Input("gamma: T")
      .Input("beta: T")
      .Input("mean: T")
      .Input("inverse: T")
      .Output("dx: T")
      .Output("dgamma: T")
      .Output("dbeta: T")
      .ShapeFunction<BatchNormGradShapes>()
      .Register();
  RegisterKernel<BatchNorm<float>>("EasyRecBatchNorm", {{"T", TF_FLOAT}});
  RegisterKernel<BatchNorm<double>>("EasyRecBatchNorm", {{"T", TF_DOUBLE}});
  RegisterKernel<BatchNormGrad<float>>("EasyRecBatchNormGrad", {{"T", TF_FLOAT}});
  RegisterKernel<BatchNormGrad<double>>("EasyRecBatchNormGrad", {{"T", TF_DOUBLE}});
  return true;
}();

}  // namespace

}  // namespace easyrec::dense
