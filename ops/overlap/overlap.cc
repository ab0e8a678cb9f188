// OverlapFgOp: how far the terms of a query and of a title agree, one column a method. See README.md.
#include <algorithm>
#include <cmath>
#include <limits>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "easyrec/op.h"
#include "terms.h"

namespace {

using easyrec::Construction;
using easyrec::Context;
using easyrec::InvalidArgument;
using easyrec::Pair;
using easyrec::Shape;
using easyrec::ShapeContext;
using easyrec::Tensor;
using easyrec::Terms;

constexpr easyrec::PairNames kInputs{"query", "title"};

using Method = int64_t (*)(const Terms& query, const Terms& title, int64_t common);

/** Neither list is empty when a method is called. */
struct NamedMethod {
  const char* name;
  bool needs_common;
  Method compute;
};

const NamedMethod kMethods[] = {
    {"query_common_ratio", true,
     [](const Terms& query, const Terms&, int64_t common) {
       return 10 * common / static_cast<int64_t>(query.size());
     }},
    {"title_common_ratio", true,
     [](const Terms&, const Terms& title, int64_t common) {
       // A query that repeats a term can have more common terms than the title has terms.
       return std::min<int64_t>(100, 100 * common / static_cast<int64_t>(title.size()));
     }},
    {"is_contain", false,
     [](const Terms& query, const Terms& title, int64_t) -> int64_t {
       return easyrec::ContainsInOrder(title, query) ? 1 : 0;
     }},
    {"is_equal", false,
     [](const Terms& query, const Terms& title, int64_t) -> int64_t { return query == title ? 1 : 0; }},
};

const NamedMethod& FindMethod(const std::string& name) {
  std::string known;
  for (const NamedMethod& method : kMethods) {
    if (name == method.name) return method;
    known += (known.empty() ? "" : ", ") + std::string(method.name);
  }
  throw InvalidArgument("methods: expected " + known + ", received " + name);
}

float ParseNumber(const std::string& text) {
  // Not strtof: it reads what the process's locale takes for a decimal point.
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  float value = 0;
  if (!(stream >> value) || !stream.eof() || !std::isfinite(value)) {
    throw InvalidArgument("default_value: expected a number, received '" + text + "'");
  }
  return value;
}

template <typename T>
class Overlap {
 public:
  explicit Overlap(const Construction& construction)
      : separator_(construction.String("separator")), boundaries_(construction.Floats("boundaries")) {
    if (separator_.empty()) throw InvalidArgument("separator: expected at least one byte, received ''");
    for (const std::string& name : construction.Strings("methods")) methods_.push_back(FindMethod(name));
    const bool finite = std::all_of(boundaries_.begin(), boundaries_.end(),
                                    [](float boundary) { return std::isfinite(boundary); });
    if (!finite || !std::is_sorted(boundaries_.begin(), boundaries_.end())) {
      throw InvalidArgument("boundaries: expected finite numbers in ascending order");
    }
    default_value_ = DefaultValue(construction.String("default_value"));
  }

  void Compute(const Context& context) const {
    const Tensor query = context.Input(0);
    const Tensor title = context.Input(1);
    const Pair pair(query, title, kInputs);
    std::vector<int64_t> shape = pair.shape();
    shape.push_back(static_cast<int64_t>(methods_.size()));
    const Tensor output = context.Output<T>(0, shape);
    const TF_TString* queries = query.data<TF_TString>();
    const TF_TString* titles = title.data<TF_TString>();
    T* row = output.data<T>();
    Terms query_terms;
    Terms title_terms;
    for (int64_t i = 0; i < pair.size(); i++, row += methods_.size()) {
      easyrec::Split(easyrec::View(queries[pair.first(i)]), separator_, query_terms);
      easyrec::Split(easyrec::View(titles[pair.second(i)]), separator_, title_terms);
      Compare(query_terms, title_terms, row);
    }
  }

 private:
  void Compare(const Terms& query, const Terms& title, T* row) const {
    if (query.empty() || title.empty()) {
      std::fill_n(row, methods_.size(), default_value_);
      return;
    }
    int64_t common = -1;
    for (const NamedMethod& method : methods_) {
      if (method.needs_common && common < 0) common = easyrec::CountCommon(query, title);
      *row++ = Value(static_cast<float>(method.compute(query, title, common)));
    }
  }

  T DefaultValue(const std::string& text) const {
    const float value = ParseNumber(text);
    const bool fits = !std::numeric_limits<T>::is_integer ||
                      (std::floor(value) == value && value >= -2147483648.0f && value < 2147483648.0f);
    if (boundaries_.empty() && !fits) {
      throw InvalidArgument("default_value: expected a whole number with dtype int32, received '" + text +
                            "'");
    }
    return Value(value);
  }

  /** The number itself, or with boundaries the number of boundaries that are not above it. */
  T Value(float value) const {
    if (boundaries_.empty()) return static_cast<T>(value);
    return static_cast<T>(std::upper_bound(boundaries_.begin(), boundaries_.end(), value) -
                          boundaries_.begin());
  }

  std::string separator_;
  std::vector<float> boundaries_;
  std::vector<NamedMethod> methods_;
  T default_value_{};
};

void InferShape(const ShapeContext& context) {
  const auto rows = easyrec::PairShape(context, context.Input(0), context.Input(1), kInputs);
  if (!rows) return context.SetUnknownOutputs();
  // The number of methods is not to be had here: the C API gives shape functions no list attributes.
  context.SetOutput(0, context.Concatenate(*rows, context.Vector(ShapeContext::kUnknown)));
}

[[maybe_unused]] const bool registered = [] {
  easyrec::OpDefinition("OverlapFgOp")
      .Input("query: string")
      .Input("title: string")
      .Output("feature: dtype")
      .Attribute("feature_name: string = ''")
      .Attribute("separator: string = '\\035'")
      .Attribute("default_value: string = '-1'")
      .Attribute("methods: list({'query_common_ratio', 'title_common_ratio', 'is_contain', 'is_equal'}) >= 1")
      .Attribute("boundaries: list(float) = []")
      .Attribute("dtype: {int32, float} = DT_FLOAT")
      .ShapeFunction<InferShape>()
      .Register();
  easyrec::RegisterKernel<Overlap<int32_t>>("OverlapFgOp", {{"dtype", TF_INT32}});
  easyrec::RegisterKernel<Overlap<float>>("OverlapFgOp", {{"dtype", TF_FLOAT}});
  return true;
}();

}  // namespace
