// ZeroOut: keeps the first element and sets all others to zero.
#include <algorithm>

#include "easyrec/op.h"

namespace {

using easyrec::Construction;
using easyrec::Context;
using easyrec::ShapeContext;
using easyrec::Tensor;

class ZeroOut {
 public:
  explicit ZeroOut(const Construction&) {}

  void Compute(const Context& context) const {
    const Tensor input = context.Input(0);
    const Tensor output = context.Output<int32_t>(0, input.shape());
    int32_t* values = output.data<int32_t>();
    std::fill_n(values, output.size(), 0);
    if (output.size() > 0) values[0] = input.data<int32_t>()[0];
  }
};

void InferShape(const ShapeContext& context) { context.SetOutput(0, context.Input(0)); }

[[maybe_unused]] const bool registered = [] {
  easyrec::OpDefinition("ZeroOut")
      .Input("to_zero: int32")
      .Output("zeroed: int32")
      .ShapeFunction<InferShape>()
      .Register();
  easyrec::RegisterKernel<ZeroOut>("ZeroOut");
  return true;
}();

}  // namespace
