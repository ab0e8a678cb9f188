// Shapes as shape functions see them, while a graph is built: every dimension may be unknown.
#ifndef EASYREC_SHAPE_H_
#define EASYREC_SHAPE_H_

#include <memory>
#include <string>

#include "easyrec/status.h"
#include "tensorflow/c/ops.h"

namespace easyrec {

/** Owns a handle to a shape. */
class Shape {
 public:
  explicit Shape(TF_ShapeHandle* handle) : handle_(handle) {}
  TF_ShapeHandle* get() const { return handle_.get(); }

 private:
  struct Delete {
    void operator()(TF_ShapeHandle* handle) const { TF_DeleteShapeHandle(handle); }
  };
  std::unique_ptr<TF_ShapeHandle, Delete> handle_;
};

/** Passed to a shape function: the op's input shapes, and operations on shapes. */
class ShapeContext {
 public:
  /** Stands for a rank or a dimension that is not known while the graph is built. */
  static constexpr int64_t kUnknown = -1;

  explicit ShapeContext(TF_ShapeInferenceContext* context) : context_(context) {}

  /** Those of lists included. */
  int InputCount() const { return static_cast<int>(TF_ShapeInferenceContextNumInputs(context_)); }

  Shape Input(int index) const {
    return Make([&](TF_ShapeHandle* handle, TF_Status* status) {
      TF_ShapeInferenceContextGetInput(context_, index, handle, status);
    });
  }

  void SetOutput(int index, const Shape& shape) const {
    Status status;
    TF_ShapeInferenceContextSetOutput(context_, index, shape.get(), status.get());
    status.Check();
  }

  /** For outputs of which not even the rank can be told. */
  void SetUnknownOutputs() const {
    Status status;
    TF_ShapeInferenceContextSetUnknownShape(context_, status.get());
    status.Check();
  }

  int64_t Rank(const Shape& shape) const {
    if (!TF_ShapeInferenceContextRankKnown(context_, shape.get())) return kUnknown;
    return TF_ShapeInferenceContextRank(context_, shape.get());
  }

  int64_t Dim(const Shape& shape, int64_t index) const {
    if (Rank(shape) == kUnknown) return kUnknown;
    Dimension dimension(TF_NewDimensionHandle());
    TF_ShapeInferenceContextDim(context_, shape.get(), index, dimension.get());
    if (!TF_DimensionHandleValueKnown(dimension.get())) return kUnknown;
    return TF_DimensionHandleValue(dimension.get());
  }

  /** The dimensions [start, end) of a shape of known rank. */
  Shape Slice(const Shape& shape, int64_t start, int64_t end) const {
    return Make([&](TF_ShapeHandle* handle, TF_Status* status) {
      TF_ShapeInferenceContextSubshape(context_, shape.get(), start, end, handle, status);
    });
  }

  Shape Concatenate(const Shape& first, const Shape& second) const {
    return Make([&](TF_ShapeHandle* handle, TF_Status* status) {
      TF_ShapeInferenceContextConcatenateShapes(context_, first.get(), second.get(), handle, status);
    });
  }

  Shape Scalar() const { return Shape(TF_ShapeInferenceContextScalar(context_)); }

  /** A shape of rank 1; `size` may be kUnknown. */
  Shape Vector(int64_t size) const {
    // TensorFlow takes the size back as signed: its own mark for an unknown dimension is -1 as well.
    return Shape(TF_ShapeInferenceContextVectorFromSize(context_, static_cast<size_t>(size)));
  }

  /** `[2,?]`, or `?` when the rank is unknown. */
  std::string Format(const Shape& shape) const {
    const int64_t rank = Rank(shape);
    if (rank == kUnknown) return "?";
    std::string text = "[";
    for (int64_t i = 0; i < rank; i++) {
      const int64_t dim = Dim(shape, i);
      text += (i == 0 ? "" : ",") + (dim == kUnknown ? std::string("?") : std::to_string(dim));
    }
    return text + "]";
  }

 private:
  struct DeleteDimension {
    void operator()(TF_DimensionHandle* handle) const { TF_DeleteDimensionHandle(handle); }
  };
  using Dimension = std::unique_ptr<TF_DimensionHandle, DeleteDimension>;

  template <typename Fill>
  static Shape Make(Fill&& fill) {
    Shape shape(TF_NewShapeHandle());
    Status status;
    fill(shape.get(), status.get());
    status.Check();
    return shape;
  }

  TF_ShapeInferenceContext* context_;
};

}  // namespace easyrec

#endif  // EASYREC_SHAPE_H_
