// EasyRecFm and EasyRecFmGrad: second-order interactions of fields. See README.md.
#include "easyrec/op.h"
#include "easyrec/vectorized.h"
#include "fields.h"
#include "threads.h"

namespace easyrec::dense {

namespace {

template <typename T>
using Inputs = std::vector<Field<const T>>;
template <typename T>
using Outputs = std::vector<Field<T>>;

/** `kWidth` is the width where it is known beforehand, so that sums stay in registers; else 0. */
template <typename T, int64_t kWidth>
inline __attribute__((always_inline)) void Interact(const Inputs<T>& fields, Rows rows, int64_t width_, T* sums,
                                                    T* crosses) {
  const int64_t width = kWidth == 0 ? width_ : kWidth;
  for (int64_t row = rows.begin; row < rows.end; row++) {
    T* __restrict sum = sums + row * width;
    T* __restrict cross = crosses + row * width;
    for (int64_t d = 0; d < width; d++) sum[d] = cross[d] = 0;
    for (const Field<const T>& field : fields) {
      const T* __restrict x = field.data + row * field.stride;
      for (int64_t d = 0; d < width; d++) {
        sum[d] += x[d];
        cross[d] += x[d] * x[d];
      }
    }
    for (int64_t d = 0; d < width; d++) cross[d] = T(0.5) * (sum[d] * sum[d] - cross[d]);
  }
}

template <typename T, int64_t kWidth>
inline __attribute__((always_inline)) void InteractGradient(const Inputs<T>& fields, Rows rows, int64_t width_,
                                                            const T* sums, const T* dys, const Outputs<T>& dxs) {
  const int64_t width = kWidth == 0 ? width_ : kWidth;
  for (int64_t row = rows.begin; row < rows.end; row++) {
    const T* __restrict sum = sums + row * width;
    const T* __restrict dy = dys + row * width;
    for (size_t i = 0; i < fields.size(); i++) {
      const T* __restrict x = fields[i].data + row * fields[i].stride;
      T* __restrict dx = dxs[i].data + row * dxs[i].stride;
      for (int64_t d = 0; d < width; d++) dx[d] = dy[d] * (sum[d] - x[d]);
    }
  }
}

#define EASYREC_FM_LOOPS(T)                                                                                      \
  EASYREC_VECTORIZED void RunFm(const Inputs<T>& fields, Rows rows, int64_t width, T* sums, T* crosses) {        \
    if (width == 8) return Interact<T, 8>(fields, rows, width, sums, crosses);                                   \
    if (width == 16) return Interact<T, 16>(fields, rows, width, sums, crosses);                                 \
    Interact<T, 0>(fields, rows, width, sums, crosses);                                                          \
  }                                                                                                              \
  EASYREC_VECTORIZED void RunFmGrad(const Inputs<T>& fields, Rows rows, int64_t width, const T* sums,            \
                                    const T* dys, const Outputs<T>& dxs) {                                       \
    if (width == 8) return InteractGradient<T, 8>(fields, rows, width, sums, dys, dxs);                          \
    if (width == 16) return InteractGradient<T, 16>(fields, rows, width, sums, dys, dxs);                        \
    InteractGradient<T, 0>(fields, rows, width, sums, dys, dxs);                                                 \
  }
EASYREC_FM_LOOPS(float)
EASYREC_FM_LOOPS(double)
#undef EASYREC_FM_LOOPS

template <typename T>
class Fm {
 public:
  explicit Fm(const Construction& construction)
      : width_(PositiveInt(construction, "width")), count_(construction.Int("N")), threads_(construction) {}

  void Compute(const Context& context) const {
    const Fields<T> fields(context, static_cast<int>(count_), width_);
    const std::vector<int64_t> shape = {fields.rows(), width_};
    const Tensor cross = context.Output<T>(0, shape);
    const Tensor sum = context.Output<T>(1, shape);
    T* const crosses = cross.data<T>();
    T* const sums = sum.data<T>();
    const int64_t elements = fields.rows() * static_cast<int64_t>(fields.fields().size()) * width_;
    threads_.Run(RowBlocks(fields.rows()), elements,
                 [&](Rows rows, int64_t) { RunFm(fields.fields(), rows, width_, sums, crosses); });
  }

 private:
  int64_t width_;
  int64_t count_;
  Threads threads_;
};

template <typename T>
class FmGrad {
 public:
  explicit FmGrad(const Construction& construction)
      : width_(PositiveInt(construction, "width")), count_(construction.Int("N")), threads_(construction) {}

  void Compute(const Context& context) const {
    const int count = static_cast<int>(count_);
    const Fields<T> fields(context, count, width_);
    const Tensor sum = context.Input(count);
    const Tensor dy = context.Input(count + 1);
    ExpectShape(sum, "sum", {fields.rows(), width_});
    ExpectShape(dy, "dy", {fields.rows(), width_});
    const FieldGradients<T> gradients(context, fields, width_);
    const T* const sums = sum.data<T>();
    const T* const dys = dy.data<T>();
    const int64_t elements = fields.rows() * static_cast<int64_t>(fields.fields().size()) * width_;
    threads_.Run(RowBlocks(fields.rows()), elements, [&](Rows rows, int64_t) {
      RunFmGrad(fields.fields(), rows, width_, sums, dys, gradients.fields());
    });
  }

 private:
  int64_t width_;
  int64_t count_;
  Threads threads_;
};

void FmShapes(const ShapeContext& context) { SetRowsByUnknown(context, 2); }
void FmGradShapes(const ShapeContext& context) { SetFieldShapes(context, 2); }

[[maybe_unused]] const bool registered = [] {
  OpDefinition("EasyRecFm")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("N: int >= 1")
      .Attribute("width: int >= 1")
      .Attribute("threads: int = 0")
      .Input("fields: N * T")
      .Output("cross: T")
      .Output("sum: T")
      .ShapeFunction<FmShapes>()
      .Register();
  OpDefinition("EasyRecFmGrad")
      .Attribute("T: {float, double} = DT_FLOAT")
      .Attribute("N: int >= 1")
      .Attribute("width: int >= 1")
      .Attribute("threads: int = 0")
      .Input("fields: N * T")
      .Input("sum: T")
      .Input("dy: T")
      .Output("gradients: N * T")
      .ShapeFunction<FmGradShapes>()
      .Register();
  RegisterKernel<Fm<float>>("EasyRecFm", {{"T", TF_FLOAT}});
  RegisterKernel<Fm<double>>("EasyRecFm", {{"T", TF_DOUBLE}});
  RegisterKernel<FmGrad<float>>("EasyRecFmGrad", {{"T", TF_FLOAT}});
  RegisterKernel<FmGrad<double>>("EasyRecFmGrad", {{"T", TF_DOUBLE}});
  return true;
}();

}  // namespace

}  // namespace easyrec::dense
