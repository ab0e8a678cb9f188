#include "plan.h"

#include <cstring>
#include <stdexcept>

namespace easyrec::reader {
namespace {

/** Little-endian values one after the other; texts with their length in front. */
class Bytes {
 public:
  Bytes(const uint8_t* bytes, size_t size) : at_(bytes), end_(bytes + size) {}

  template <typename T>
  T Take() {
    T value;
    std::memcpy(&value, Skip(sizeof(T)), sizeof(T));
    return value;
  }

  std::string Text() {
    const size_t size = Take<uint32_t>();
    return std::string(reinterpret_cast<const char*>(Skip(size)), size);
  }

  bool AtEnd() const { return at_ == end_; }

 private:
  const uint8_t* Skip(size_t size) {
    if (size > static_cast<size_t>(end_ - at_)) throw std::runtime_error("the reader's plan is cut off");
    const uint8_t* from = at_;
    at_ += size;
    return from;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

Field DecodeField(Bytes& bytes) {
  Field field;
  field.name = bytes.Text();
  field.type = static_cast<FieldType>(bytes.Take<uint8_t>());
  field.wanted = bytes.Take<uint8_t>() != 0;
  field.numeric = bytes.Take<uint8_t>() != 0;
  field.default_text = bytes.Text();
  field.list_separator = bytes.Text();
  return field;
}

}  // namespace

Plan DecodePlan(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  Plan plan;
  plan.separator = static_cast<char>(bytes.Take<uint8_t>());
  plan.with_header = bytes.Take<uint8_t>() != 0;
  plan.drop_remainder = bytes.Take<uint8_t>() != 0;
  plan.duckdb = bytes.Text();
  plan.seed = bytes.Take<int32_t>();
  // Whole numbers up to 2^53, and Infinity for "no limit", arrive as JavaScript has them.
  const auto count = [&] {
    const double value = bytes.Take<double>();
    return value >= 9.2e18 ? INT64_MAX : static_cast<int64_t>(value);
  };
  plan.batch_size = count();
  plan.epochs = count();
  plan.shuffle_rows = count();
  plan.position = count();
  plan.max_skipped = count();
  plan.prefetch = count();
  plan.threads = count();
  plan.total_bytes = bytes.Take<double>();
  plan.paths.resize(bytes.Take<uint32_t>());
  for (std::string& path : plan.paths) path = bytes.Text();
  plan.fields.resize(bytes.Take<uint32_t>());
  for (Field& field : plan.fields) field = DecodeField(bytes);
  plan.hashed.resize(bytes.Take<uint32_t>());
  for (HashedColumn& column : plan.hashed) {
    column.field = bytes.Take<uint32_t>();
    column.buckets = static_cast<uint64_t>(count());
  }
  if (!bytes.AtEnd()) throw std::runtime_error("the reader's plan is longer than expected");
  return plan;
}

}  // namespace easyrec::reader
