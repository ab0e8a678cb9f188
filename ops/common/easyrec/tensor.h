// Tensors that a kernel reads and writes.
#ifndef EASYREC_TENSOR_H_
#define EASYREC_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "easyrec/status.h"
#include "tensorflow/c/tf_tensor.h"
#include "tensorflow/c/tf_tstring.h"

namespace easyrec {

/** The TF_DataType of a C++ type; a type without one does not compile. */
template <typename T>
struct DataTypeOf;
template <>
struct DataTypeOf<float> : std::integral_constant<TF_DataType, TF_FLOAT> {};
template <>
struct DataTypeOf<double> : std::integral_constant<TF_DataType, TF_DOUBLE> {};
template <>
struct DataTypeOf<int32_t> : std::integral_constant<TF_DataType, TF_INT32> {};
template <>
struct DataTypeOf<int64_t> : std::integral_constant<TF_DataType, TF_INT64> {};
template <>
struct DataTypeOf<bool> : std::integral_constant<TF_DataType, TF_BOOL> {};
template <>
struct DataTypeOf<TF_TString> : std::integral_constant<TF_DataType, TF_STRING> {};

/** `[2,3]`, as TensorFlow writes shapes. */
inline std::string FormatShape(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i == 0 ? "" : ",") + std::to_string(shape[i]);
  return text + "]";
}

/** Owns one reference to a tensor. */
class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor) {}

  TF_Tensor* get() const { return tensor_.get(); }
  int rank() const { return TF_NumDims(get()); }
  int64_t size() const { return TF_TensorElementCount(get()); }

  std::vector<int64_t> shape() const {
    std::vector<int64_t> shape(static_cast<size_t>(rank()));
    for (int i = 0; i < rank(); i++) shape[static_cast<size_t>(i)] = TF_Dim(get(), i);
    return shape;
  }

  /** The elements in row-major order; throws when the tensor is not of type T. */
  template <typename T>
  T* data() const {
    if (TF_TensorType(get()) != DataTypeOf<T>::value) {
      throw Error(TF_INTERNAL, "tensor of data type " + std::to_string(TF_TensorType(get())) +
                                   " read as data type " + std::to_string(DataTypeOf<T>::value));
    }
    return static_cast<T*>(TF_TensorData(get()));
  }

 private:
  struct Delete {
    void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
  };
  std::unique_ptr<TF_Tensor, Delete> tensor_;
};

/** The bytes of one element of a string tensor; valid as long as the tensor is. */
inline std::string_view View(const TF_TString& string) {
  return {TF_TString_GetDataPointer(&string), TF_TString_GetSize(&string)};
}

}  // namespace easyrec

#endif  // EASYREC_TENSOR_H_
