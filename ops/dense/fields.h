// Fields of one width, side by side in one or several matrices.
#ifndef EASYREC_DENSE_FIELDS_H_
#define EASYREC_DENSE_FIELDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "easyrec/op.h"

namespace easyrec::dense {

/** Where one field's vectors lie: that of row b at `data + b * stride`. */
template <typename Value>
struct Field {
  Value* data;
  int64_t stride;
};

/** N fields of `width` numbers for each of `rows` rows: the columns of the inputs [begin, end), in their order. */
template <typename T>
class Fields {
 public:
  /** Throws unless each of the inputs is a matrix of as many rows as the first, and of a multiple of `width` columns. */
  Fields(const Context& context, int end, int64_t width) {
    for (int i = 0; i < end; i++) {
      Tensor part = context.Input(i);
      const std::string name = "fields[" + std::to_string(i) + "]";
      if (part.rank() != 2 || part.shape()[1] % width != 0) {
        throw InvalidArgument(name + ": expected shape [B, a multiple of " + std::to_string(width) + "], received " +
                              FormatShape(part.shape()));
      }
      const int64_t columns = part.shape()[1];
      if (i == 0) rows_ = part.shape()[0];
      if (part.shape()[0] != rows_) {
        throw InvalidArgument(name + ": expected " + std::to_string(rows_) + " rows as the first, received " +
                              std::to_string(part.shape()[0]));
      }
      const T* data = part.data<T>();
      for (int64_t column = 0; column < columns; column += width) fields_.push_back({data + column, columns});
      parts_.push_back(std::move(part));
    }
  }

  int64_t rows() const { return rows_; }
  const std::vector<Field<const T>>& fields() const { return fields_; }
  const std::vector<Tensor>& parts() const { return parts_; }

 private:
  int64_t rows_ = 0;
  std::vector<Field<const T>> fields_;
  std::vector<Tensor> parts_;
};

/** Outputs of the shapes of the parts, field by field. */
template <typename T>
class FieldGradients {
 public:
  FieldGradients(const Context& context, const Fields<T>& fields, int64_t width) {
    for (size_t i = 0; i < fields.parts().size(); i++) {
      const std::vector<int64_t> shape = fields.parts()[i].shape();
      parts_.push_back(context.Output<T>(static_cast<int>(i), shape));
      T* data = parts_.back().template data<T>();
      for (int64_t column = 0; column < shape[1]; column += width) fields_.push_back({data + column, shape[1]});
    }
  }

  const std::vector<Field<T>>& fields() const { return fields_; }

 private:
  std::vector<Field<T>> fields_;
  std::vector<Tensor> parts_;
};

/** An attribute that must be positive. */
inline int64_t PositiveInt(const Construction& construction, const char* name) {
  const int64_t value = construction.Int(name);
  if (value < 1) throw InvalidArgument(std::string(name) + ": expected 1 or more, received " + std::to_string(value));
  return value;
}

/** Throws unless `tensor` has that shape. */
inline void ExpectShape(const Tensor& tensor, const char* name, const std::vector<int64_t>& shape) {
  if (tensor.shape() == shape) return;
  throw InvalidArgument(std::string(name) + ": expected shape " + FormatShape(shape) + ", received " +
                        FormatShape(tensor.shape()));
}

/** `[B, ?]` for the first outputs: the columns depend on an attribute, which shape functions cannot read. */
inline void SetRowsByUnknown(const ShapeContext& context, int outputs) {
  const Shape first = context.Input(0);
  const int64_t rows = context.Rank(first) == 2 ? context.Dim(first, 0) : ShapeContext::kUnknown;
  const Shape shape = context.Concatenate(context.Vector(rows), context.Vector(ShapeContext::kUnknown));
  for (int i = 0; i < outputs; i++) context.SetOutput(i, shape);
}

/** The shapes of the inputs before the last `others`. */
inline void SetFieldShapes(const ShapeContext& context, int others) {
  const int fields = context.InputCount() - others;
  for (int i = 0; i < fields; i++) context.SetOutput(i, context.Input(i));
}

}  // namespace easyrec::dense

#endif  // EASYREC_DENSE_FIELDS_H_
