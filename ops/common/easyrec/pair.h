// Ops that compare two tensors element by element: both have the same shape, or one of them has a single
// element, which then stands for all (a request that scores many items for one user sends the user's text
// once).
#ifndef EASYREC_PAIR_H_
#define EASYREC_PAIR_H_

#include <optional>
#include <string>
#include <vector>

#include "easyrec/shape.h"
#include "easyrec/tensor.h"

namespace easyrec {

/** Names of the two inputs, for messages. */
struct PairNames {
  const char* first;
  const char* second;
};

/** Walks two tensors together; `first(i)` and `second(i)` are the offsets of the i-th pair's elements. */
class Pair {
 public:
  /** Throws when neither the shapes agree nor one of the tensors has a single element. */
  Pair(const Tensor& first, const Tensor& second, const PairNames& names)
      : step_first_(1), step_second_(1), shape_(first.shape()) {
    const std::vector<int64_t> other = second.shape();
    if (shape_ == other) return;
    if (second.size() == 1) {
      step_second_ = 0;
    } else if (first.size() == 1) {
      step_first_ = 0;
      shape_ = other;
    } else {
      throw InvalidArgument(std::string(names.first) + " and " + names.second +
                            ": expected equal shapes or a single element in one of them, received " +
                            FormatShape(shape_) + " and " + FormatShape(other));
    }
  }

  const std::vector<int64_t>& shape() const { return shape_; }

  int64_t size() const {
    int64_t size = 1;
    for (const int64_t dim : shape_) size *= dim;
    return size;
  }

  int64_t first(int64_t i) const { return i * step_first_; }
  int64_t second(int64_t i) const { return i * step_second_; }

 private:
  int64_t step_first_;
  int64_t step_second_;
  std::vector<int64_t> shape_;
};

namespace internal {

/** Whether a shape is known to have something else than a single element. */
inline bool IsNotSingle(const ShapeContext& context, const Shape& shape) {
  for (int64_t i = 0; i < context.Rank(shape); i++) {
    const int64_t dim = context.Dim(shape, i);
    if (dim != ShapeContext::kUnknown && dim != 1) return true;
  }
  return false;
}

/** Whether a shape is known to have a single element. */
inline bool IsSingle(const ShapeContext& context, const Shape& shape) {
  const int64_t rank = context.Rank(shape);
  if (rank == ShapeContext::kUnknown) return false;
  for (int64_t i = 0; i < rank; i++) {
    if (context.Dim(shape, i) != 1) return false;
  }
  return true;
}

/** Whether two shapes can be equal once everything is known. */
inline bool MayBeEqual(const ShapeContext& context, const Shape& first, const Shape& second) {
  const int64_t rank = context.Rank(first);
  if (rank == ShapeContext::kUnknown || context.Rank(second) == ShapeContext::kUnknown) return true;
  if (rank != context.Rank(second)) return false;
  for (int64_t i = 0; i < rank; i++) {
    const int64_t a = context.Dim(first, i);
    const int64_t b = context.Dim(second, i);
    if (a != ShapeContext::kUnknown && b != ShapeContext::kUnknown && a != b) return false;
  }
  return true;
}

}  // namespace internal

/**
 * The shape that Pair gives for two inputs, as far as it follows from what is known of them, or nothing when
 * not even the rank follows. Throws when Pair would throw whatever the unknown dimensions turn out to be.
 */
inline std::optional<Shape> PairShape(const ShapeContext& context, const Shape& first, const Shape& second,
                                      const PairNames& names) {
  const auto whole = [&](const Shape& shape) { return context.Concatenate(context.Scalar(), shape); };
  const bool first_is_not_single = internal::IsNotSingle(context, first);
  const bool second_is_not_single = internal::IsNotSingle(context, second);
  if (first_is_not_single && second_is_not_single && !internal::MayBeEqual(context, first, second)) {
    throw InvalidArgument(std::string(names.first) + " and " + names.second +
                          ": expected equal shapes or a single element in one of them, received " +
                          context.Format(first) + " and " + context.Format(second));
  }
  if (internal::IsSingle(context, second)) return whole(first);
  if (internal::IsSingle(context, first)) return whole(second);
  const int64_t rank = context.Rank(first);
  if (rank == ShapeContext::kUnknown || rank != context.Rank(second)) {
    if (first_is_not_single && rank != ShapeContext::kUnknown) return whole(first);
    if (second_is_not_single) return whole(second);
    return std::nullopt;
  }
  // Two shapes of one rank: they are equal, or one of them turns out as a single element. A dimension is
  // known when the tensor that decides it is known: both where they agree, else the one that cannot be the
  // single element.
  Shape result = context.Scalar();
  for (int64_t i = 0; i < rank; i++) {
    const int64_t a = context.Dim(first, i);
    const int64_t b = context.Dim(second, i);
    const int64_t equal = a == ShapeContext::kUnknown ? b : a;
    const int64_t dim = first_is_not_single && second_is_not_single ? equal
                        : a == b                                    ? a
                        : first_is_not_single                       ? a
                        : second_is_not_single                      ? b
                                                                    : ShapeContext::kUnknown;
    result = context.Concatenate(result, context.Vector(dim));
  }
  return result;
}

}  // namespace easyrec

#endif  // EASYREC_PAIR_H_
