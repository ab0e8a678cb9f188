// The tables of an op and what is known of their rows: the variables' own buffers, read and written in place.
#ifndef EASYREC_TABLES_H_
#define EASYREC_TABLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "easyrec/op.h"

namespace easyrec {

/** One table `[rows, dim]`; its slots have the same shape. */
struct Table {
  float* weights = nullptr;
  /** m and v of Adam, or the accumulator of Adagrad in the first. */
  float* slots[2] = {nullptr, nullptr};
  /** The number of steps that each row includes; null where rows do not move by themselves. */
  int32_t* last = nullptr;
  int64_t rows = 0;
  int64_t dim = 0;
};

/** The inputs `tables`, `slots` and `last` of an op, which come first, in this order. */
class Tables {
 public:
  /** `slots_per_table` slots of table t are at [t * slots_per_table]; there is one `last` a table, or none. */
  Tables(const Context& context, int tables, int slots, int last) {
    const int slots_per_table = tables == 0 ? 0 : slots / tables;
    if (tables * slots_per_table != slots || slots_per_table > 2 || (last != 0 && last != tables)) {
      throw InvalidArgument("expected up to two slots a table, and one last_step for each or none");
    }
    tensors_.reserve(static_cast<size_t>(tables + slots + last));
    for (int i = 0; i < tables + slots + last; i++) tensors_.push_back(context.Input(i));
    for (int t = 0; t < tables; t++) {
      const Tensor& weights = tensors_[static_cast<size_t>(t)];
      const std::vector<int64_t> shape = weights.shape();
      if (shape.size() != 2) throw InvalidArgument("tables: expected matrices, received " + FormatShape(shape));
      Table table;
      table.weights = weights.data<float>();
      table.rows = shape[0];
      table.dim = shape[1];
      for (int s = 0; s < slots_per_table; s++) {
        const Tensor& slot = tensors_[static_cast<size_t>(tables + t * slots_per_table + s)];
        if (slot.shape() != shape) throw InvalidArgument("slots: expected the shape of their table");
        table.slots[s] = slot.data<float>();
      }
      if (last != 0) {
        const Tensor& steps = tensors_[static_cast<size_t>(tables + slots + t)];
        if (steps.size() != table.rows) throw InvalidArgument("last: expected one number a row of the table");
        table.last = steps.data<int32_t>();
      }
      tables_.push_back(table);
    }
    next_input_ = tables + slots + last;
  }

  const Table& operator[](size_t index) const { return tables_[index]; }
  size_t size() const { return tables_.size(); }
  /** The number of the first input after those of the tables. */
  int next_input() const { return next_input_; }

 private:
  std::vector<Tensor> tensors_;
  std::vector<Table> tables_;
  int next_input_ = 0;
};

/** Which of `parts` threads handles a row: every row belongs to one, so nothing needs a lock. */
inline uint32_t Owner(size_t table, int64_t row, uint32_t parts) {
  const uint64_t hash =
      (static_cast<uint64_t>(row) + (static_cast<uint64_t>(table) << 44)) * 0x9E3779B97F4A7C15ull;
  return static_cast<uint32_t>(((hash >> 32) * parts) >> 32);
}

}  // namespace easyrec

#endif  // EASYREC_TABLES_H_
