// What a kernel sees of TensorFlow: its attributes when it is made, its tensors when it runs.
#ifndef EASYREC_CONTEXT_H_
#define EASYREC_CONTEXT_H_

#include <string>
#include <vector>

#include "easyrec/status.h"
#include "easyrec/tensor.h"
#include "tensorflow/c/kernels.h"

namespace easyrec {

/** Passed to a kernel's constructor: reads the attributes of the graph's node. */
class Construction {
 public:
  explicit Construction(TF_OpKernelConstruction* construction) : construction_(construction) {}

  bool Bool(const char* attribute) const {
    TF_Bool value = 0;
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrBool(construction_, attribute, &value, status);
    });
    return value != 0;
  }

  int64_t Int(const char* attribute) const {
    int64_t value = 0;
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrInt64(construction_, attribute, &value, status);
    });
    return value;
  }

  float Float(const char* attribute) const {
    float value = 0;
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrFloat(construction_, attribute, &value, status);
    });
    return value;
  }

  TF_DataType Type(const char* attribute) const {
    TF_DataType value = TF_FLOAT;
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrType(construction_, attribute, &value, status);
    });
    return value;
  }

  /** May hold any bytes, NUL among them. */
  std::string String(const char* attribute) const {
    std::string value(static_cast<size_t>(Size(attribute).total), '\0');
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrString(construction_, attribute, value.data(), value.size(), status);
    });
    return value;
  }

  std::vector<float> Floats(const char* attribute) const {
    std::vector<float> values(static_cast<size_t>(Size(attribute).list));
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrFloatList(construction_, attribute, values.data(),
                                               static_cast<int>(values.size()), status);
    });
    return values;
  }

  std::vector<int64_t> Ints(const char* attribute) const {
    std::vector<int64_t> values(static_cast<size_t>(Size(attribute).list));
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrInt64List(construction_, attribute, values.data(),
                                               static_cast<int>(values.size()), status);
    });
    return values;
  }

  std::vector<std::string> Strings(const char* attribute) const {
    const Sizes sizes = Size(attribute);
    const size_t count = static_cast<size_t>(sizes.list);
    std::vector<char*> starts(count);
    std::vector<size_t> lengths(count);
    std::vector<char> storage(static_cast<size_t>(sizes.total));
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrStringList(construction_, attribute, starts.data(), lengths.data(),
                                                sizes.list, storage.data(), storage.size(), status);
    });
    std::vector<std::string> values;
    values.reserve(count);
    for (size_t i = 0; i < count; i++) values.emplace_back(starts[i], lengths[i]);
    return values;
  }

 private:
  struct Sizes {
    int32_t list;   // elements of a list; -1 for an attribute that is none
    int32_t total;  // bytes of all strings together
  };

  template <typename Call>
  static void Read(Call&& call) {
    Status status;
    call(status.get());
    status.Check();
  }

  Sizes Size(const char* attribute) const {
    Sizes sizes{0, 0};
    Read([&](TF_Status* status) {
      TF_OpKernelConstruction_GetAttrSize(construction_, attribute, &sizes.list, &sizes.total, status);
    });
    return sizes;
  }

  TF_OpKernelConstruction* construction_;
};

/** Passed to a kernel's Compute: hands out inputs and takes outputs. */
class Context {
 public:
  explicit Context(TF_OpKernelContext* context) : context_(context) {}

  Tensor Input(int index) const {
    TF_Tensor* tensor = nullptr;
    Status status;
    TF_GetInput(context_, index, &tensor, status.get());
    Tensor owned(tensor);
    status.Check();
    return owned;
  }

  /** The output, allocated and not yet written: every element must be set. */
  template <typename T>
  Tensor Output(int index, const std::vector<int64_t>& shape) const {
    size_t bytes = sizeof(T);
    for (const int64_t dim : shape) {
      if (__builtin_mul_overflow(bytes, static_cast<size_t>(dim), &bytes)) {
        throw InvalidArgument("output of shape " + FormatShape(shape) + " does not fit into memory");
      }
    }
    Status status;
    Tensor owned(TF_AllocateOutput(context_, index, DataTypeOf<T>::value, shape.data(),
                                   static_cast<int>(shape.size()), bytes, status.get()));
    status.Check();
    return owned;
  }

  /**
   * The output in the memory of an input that nothing else uses, holding its elements; where something does, new
   * memory, not yet written. No Tensor of that input may be alive. `forwarded` says which of the two it is.
   */
  template <typename T>
  Tensor ForwardOrOutput(int input, int index, const std::vector<int64_t>& shape, bool& forwarded) const {
    int from = -1;
    Status status;
    Tensor owned(TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, shape.data(),
                                                 static_cast<int>(shape.size()), &from, status.get()));
    status.Check();
    forwarded = from == input;
    return owned;
  }

 private:
  TF_OpKernelContext* context_;
};

}  // namespace easyrec

#endif  // EASYREC_CONTEXT_H_
