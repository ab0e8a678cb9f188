#include "rules.h"

#include "easyrec/status.h"
#include "easyrec/vectorized.h"

namespace easyrec::embedding {

namespace {

template <typename OneRule>
EASYREC_VECTORIZED void ApplyRule(const float* parameters, const TouchedRows& rows) {
  constexpr int64_t kAhead = 10;
  constexpr int64_t kFloatsPerLine = 16;
  const OneRule rule(parameters);
  const int64_t dim = rows.dim;
  for (int64_t i = 0; i < rows.count; i++) {
    if (i + kAhead < rows.count) {
      const float* later = rows.records[i + kAhead];
      for (int64_t d = 0; d < rows.width; d += kFloatsPerLine) __builtin_prefetch(later + d, 1);
    }
    rule.Move(rows.records[i], rows.gradients + i * dim, dim, rows.rate);
  }
}

struct Known {
  const char* name;
  int parameters;
  int slots;
  /** Whether its slots hold one number a row. */
  bool per_row;
  void (*apply)(const float* parameters, const TouchedRows& rows);
};

template <typename OneRule>
constexpr Known Entry(const char* name, bool per_row = false) {
  return {name, OneRule::kParameters, OneRule::kSlots, per_row, &ApplyRule<OneRule>};
}

const Known kRules[] = {
    Entry<Sgd>("sgd"),
    Entry<Momentum>("momentum"),
    Entry<Adam>("adam"),
    Entry<AdamW>("adamw"),
    Entry<MomentumW>("momentumw"),
    Entry<Adagrad>("adagrad"),
    Entry<RowWiseAdagrad>("rowwise_adagrad", true),
    Entry<Ftrl>("ftrl"),
    Entry<RmsProp>("rms_prop"),
};

const Known& Find(const std::string& name) {
  std::string names;
  for (const Known& known : kRules) {
    if (name == known.name) return known;
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  throw InvalidArgument("rule: expected one of " + names + ", received " + name);
}

}  // namespace

Rule::Rule(const std::string& name, const std::vector<float>& parameters, int slots,
           const std::vector<uint8_t>& per_row)
    : parameters_(parameters) {
  const Known& known = Find(name);
  const auto expect = [&](const char* what, int expected, size_t received) {
    if (static_cast<size_t>(expected) == received) return;
    throw InvalidArgument("rule " + name + ": expected " + std::to_string(expected) + " " + what + ", received " +
                          std::to_string(received));
  };
  expect("parameters", known.parameters, parameters.size());
  expect("slots", known.slots, static_cast<size_t>(slots));
  for (const uint8_t one : per_row) {
    if ((one != 0) != known.per_row) {
      throw InvalidArgument("rule " + name + ": expected slots " +
                            (known.per_row ? "of one number a row" : "as wide as the row"));
    }
  }
  apply_ = known.apply;
  every_step_ = (name == "adam" || name == "adamw") && parameters[3] != 0;
}

}  // namespace easyrec::embedding
