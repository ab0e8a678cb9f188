// MyEditDistance: the Levenshtein distance of two texts, by bytes or by Unicode code points. See README.md.
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "easyrec/op.h"
#include "easyrec/utf8.h"
#include "levenshtein.h"

namespace {

using easyrec::Construction;
using easyrec::Context;
using easyrec::Pair;
using easyrec::ShapeContext;
using easyrec::Tensor;

constexpr easyrec::PairNames kInputs{"hypothesis", "truth"};

/** Measures pairs of texts; keeps its buffers, so one object serves a whole batch on one thread. */
class Measure {
 public:
  explicit Measure(bool utf8) : utf8_(utf8) {}

  struct Result {
    int64_t distance;
    int64_t truth_length;
  };

  Result operator()(std::string_view hypothesis, std::string_view truth) {
    if (!utf8_) {
      return {easyrec::Levenshtein(hypothesis, truth, row_), static_cast<int64_t>(truth.size())};
    }
    hypothesis_.clear();
    truth_.clear();
    easyrec::DecodeUtf8(hypothesis, hypothesis_);
    easyrec::DecodeUtf8(truth, truth_);
    return {easyrec::Levenshtein(hypothesis_, truth_, row_), static_cast<int64_t>(truth_.size())};
  }

 private:
  bool utf8_;
  std::vector<uint32_t> hypothesis_;
  std::vector<uint32_t> truth_;
  std::vector<int64_t> row_;
};

template <typename T>
class EditDistance {
 public:
  explicit EditDistance(const Construction& construction)
      : utf8_(construction.String("encoding") == "utf-8"), normalize_(construction.Bool("normalize")) {
    if (normalize_ && std::numeric_limits<T>::is_integer) {
      throw easyrec::InvalidArgument(
          "normalize: expected false with an integer dtype, received true: a distance divided by a length is "
          "a "
          "fraction; set dtype to float or double, or normalize to false");
    }
  }

  void Compute(const Context& context) const {
    const Tensor hypothesis = context.Input(0);
    const Tensor truth = context.Input(1);
    const Pair pair(hypothesis, truth, kInputs);
    const Tensor output = context.Output<T>(0, pair.shape());
    const TF_TString* hypotheses = hypothesis.data<TF_TString>();
    const TF_TString* truths = truth.data<TF_TString>();
    T* distances = output.data<T>();
    Measure measure(utf8_);
    for (int64_t i = 0; i < pair.size(); i++) {
      distances[i] =
          Value(measure(easyrec::View(hypotheses[pair.first(i)]), easyrec::View(truths[pair.second(i)])));
    }
  }

 private:
  T Value(const Measure::Result& result) const {
    if (!normalize_) return static_cast<T>(result.distance);
    if (result.truth_length > 0) {
      return static_cast<T>(static_cast<double>(result.distance) / static_cast<double>(result.truth_length));
    }
    // As tf.edit_distance: no length to divide by.
    return result.distance == 0 ? T(0) : std::numeric_limits<T>::infinity();
  }

  bool utf8_;
  bool normalize_;
};

void InferShape(const ShapeContext& context) {
  const auto shape = easyrec::PairShape(context, context.Input(0), context.Input(1), kInputs);
  if (shape) {
    context.SetOutput(0, *shape);
  } else {
    context.SetUnknownOutputs();
  }
}

template <typename T>
void RegisterFor() {
  easyrec::RegisterKernel<EditDistance<T>>("MyEditDistance", {{"dtype", easyrec::DataTypeOf<T>::value}});
}

[[maybe_unused]] const bool registered = [] {
  easyrec::OpDefinition("MyEditDistance")
      .Input("hypothesis: string")
      .Input("truth: string")
      .Output("output: dtype")
      .Attribute("normalize: bool = true")
      .Attribute("encoding: {'latin', 'utf-8'} = 'latin'")
      .Attribute("dtype: {int32, int64, float, double} = DT_FLOAT")
      .ShapeFunction<InferShape>()
      .Register();
  RegisterFor<int32_t>();
  RegisterFor<int64_t>();
  RegisterFor<float>();
  RegisterFor<double>();
  return true;
}();

}  // namespace
