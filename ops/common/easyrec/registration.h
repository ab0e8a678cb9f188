// Registration of ops and kernels, from a static initialiser:
//
//   const bool registered = [] {
//     easyrec::OpDefinition("MyOp").Input("x: int32").Output("y:
//     int32").ShapeFunction<InferShape>().Register(); easyrec::RegisterKernel<MyKernel>("MyOp"); return true;
//   }();
#ifndef EASYREC_REGISTRATION_H_
#define EASYREC_REGISTRATION_H_

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "easyrec/context.h"
#include "easyrec/shape.h"
#include "easyrec/status.h"
#include "easyrec/thread_sanitizer.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace easyrec {

namespace internal {

/** A registration that fails is a mistake in the op's own source, and a library that loads has nobody to
 * tell. */
inline void AbortUnlessOk(const char* op, const Status& status) {
  if (TF_GetCode(status.get()) == TF_OK) return;
  std::fprintf(stderr, "cannot register op %s: %s\n", op, TF_Message(status.get()));
  std::abort();
}

template <typename Kernel>
struct Callbacks {
  static void* Create(TF_OpKernelConstruction* construction) {
    const KernelCall call;
    Kernel* kernel = nullptr;
    Status status;
    CatchInto(status.get(), [&] { kernel = new Kernel(Construction(construction)); });
    if (TF_GetCode(status.get()) != TF_OK) TF_OpKernelConstruction_Failure(construction, status.get());
    return kernel;
  }

  static void Compute(void* kernel, TF_OpKernelContext* context) {
    const KernelCall call;
    Status status;
    CatchInto(status.get(), [&] { static_cast<const Kernel*>(kernel)->Compute(Context(context)); });
    if (TF_GetCode(status.get()) != TF_OK) TF_OpKernelContext_Failure(context, status.get());
  }

  static void Delete(void* kernel) {
    const KernelCall call;
    delete static_cast<Kernel*>(kernel);
  }
};

}  // namespace internal

/** Describes an op: its inputs, outputs and attributes as TensorFlow's REGISTER_OP spells them. */
class OpDefinition {
 public:
  explicit OpDefinition(const char* name) : name_(name), builder_(TF_NewOpDefinitionBuilder(name)) {}

  OpDefinition& Input(const char* spec) {
    TF_OpDefinitionBuilderAddInput(builder_, spec);
    return *this;
  }

  OpDefinition& Output(const char* spec) {
    TF_OpDefinitionBuilderAddOutput(builder_, spec);
    return *this;
  }

  OpDefinition& Attribute(const char* spec) {
    TF_OpDefinitionBuilderAddAttr(builder_, spec);
    return *this;
  }

  /** For ops whose outputs depend on more than inputs and attributes: TensorFlow then neither folds nor
   * merges them. */
  OpDefinition& Stateful() {
    TF_OpDefinitionBuilderSetIsStateful(builder_, true);
    return *this;
  }

  /** `infer` sets every output's shape, or throws. */
  template <void (*infer)(const ShapeContext&)>
  OpDefinition& ShapeFunction() {
    TF_OpDefinitionBuilderSetShapeInferenceFunction(
        builder_, [](TF_ShapeInferenceContext* context, TF_Status* status) {
          CatchInto(status, [&] { infer(ShapeContext(context)); });
        });
    return *this;
  }

  /** Ends the definition; the object is not to be used afterwards. */
  void Register() {
    Status status;
    TF_RegisterOpDefinition(builder_, status.get());
    internal::AbortUnlessOk(name_, status);
  }

 private:
  const char* name_;
  TF_OpDefinitionBuilder* builder_;  // TF_RegisterOpDefinition takes it over
};

/** Restricts a kernel to one value of a type attribute. */
struct TypeConstraint {
  const char* attribute;
  TF_DataType type;
};

/**
 * Registers a CPU kernel. `Kernel` is constructed from a Construction once for each node of a graph and has
 * `void Compute(const Context&) const`, which TensorFlow calls from several threads at once.
 */
template <typename Kernel>
void RegisterKernel(const char* op, std::initializer_list<TypeConstraint> constraints = {}) {
  using Callbacks = internal::Callbacks<Kernel>;
  TF_KernelBuilder* builder =
      TF_NewKernelBuilder(op, "CPU", &Callbacks::Create, &Callbacks::Compute, &Callbacks::Delete);
  for (const TypeConstraint& constraint : constraints) {
    Status status;
    TF_KernelBuilder_TypeConstraint(builder, constraint.attribute, constraint.type, status.get());
    internal::AbortUnlessOk(op, status);
  }
  Status status;
  TF_RegisterKernelBuilder(op, builder, status.get());
  internal::AbortUnlessOk(op, status);
}

}  // namespace easyrec

#endif  // EASYREC_REGISTRATION_H_
