#include "parquet_columns.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <type_traits>

namespace easyrec::reader {
namespace {

constexpr size_t kShownBytes = 1000;
constexpr size_t kInlineText = 12;
constexpr size_t kNumberText = 32;

// Why a row does not fit, beside a value that does: easyrec/input/parquet/problems.ts has the words.
constexpr std::string_view kValue = "value";
constexpr std::string_view kSeveral = "several";
constexpr std::string_view kSeparator = "separator";
constexpr std::string_view kNullElement = "null";

std::string QuotedName(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/** A number as a whole one; false where it is none, or out of range. */
template <typename To, typename From>
bool ToWhole(From value, To& to) {
  if constexpr (std::is_floating_point_v<From>) {
    // The bounds are powers of two: exact.
    constexpr double kBound = -static_cast<double>(std::numeric_limits<To>::min());
    if (!(value >= -kBound && value < kBound) || value != std::trunc(value)) return false;
  } else if constexpr (std::is_unsigned_v<From>) {
    if (value > static_cast<std::make_unsigned_t<To>>(std::numeric_limits<To>::max())) return false;
  } else {
    if (value < std::numeric_limits<To>::min() || value > std::numeric_limits<To>::max()) return false;
  }
  to = static_cast<To>(value);
  return true;
}

/** Puts a number into an element of the field's type; false where it does not fit. */
template <typename T>
bool PutNumber(T value, FieldType type, char* elements, int64_t row) {
  switch (type) {
    case FieldType::kInt32: return ToWhole(value, reinterpret_cast<int32_t*>(elements)[row]);
    case FieldType::kInt64: return ToWhole(value, reinterpret_cast<int64_t*>(elements)[row]);
    case FieldType::kFloat32: reinterpret_cast<float*>(elements)[row] = static_cast<float>(value); return true;
    case FieldType::kFloat64: reinterpret_cast<double*>(elements)[row] = static_cast<double>(value); return true;
    case FieldType::kBool: elements[row] = value != 0 ? 1 : 0; return value == 0 || value == 1;
    case FieldType::kString: break;
  }
  return false;
}

/** Decimal text, of a float so many digits that it is the same float again; whole ones as integers are written. */
template <typename T>
size_t PrintNumber(T value, char* to) {
  if constexpr (std::is_floating_point_v<T>) {
    int64_t whole = 0;
    constexpr int kDigits = std::is_same_v<T, float> ? 9 : 17;
    if (!ToWhole(value, whole) || (value == 0 && std::signbit(value))) {
      return static_cast<size_t>(std::snprintf(to, kNumberText, "%.*g", kDigits, static_cast<double>(value)));
    }
    return static_cast<size_t>(std::to_chars(to, to + kNumberText, whole).ptr - to);
  } else {
    return static_cast<size_t>(std::to_chars(to, to + kNumberText, value).ptr - to);
  }
}

}  // namespace

/** The values of a column for the rows of a chunk. */
struct ParquetParser::Cells {
  const Source& source;
  const Field& field;
  /** Of lists, the lists. */
  DuckVector values;
  DuckVector elements;
  int64_t count;
  int64_t first_row;
  std::map<int64_t, BadRow>& bad;
};

ParquetParser::ParquetParser(const Plan& plan, int64_t capacity, size_t kept_blocks)
    : plan_(plan), scratch_(256 + kPadding) {
  const auto add = [&](size_t field, uint64_t buckets) {
    auto source = std::find_if(sources_.begin(), sources_.end(), [&](const Source& s) { return s.field == field; });
    const auto index = static_cast<size_t>(source - sources_.begin());
    if (source == sources_.end()) {
      sources_.emplace_back();
      sources_.back().field = field;
    }
    const Field& of = plan.fields[field];
    auto builder = std::make_unique<ColumnBuilder>(of, buckets, capacity, kept_blocks);
    made_.push_back({index, std::move(builder), TypeOf(of, buckets), buckets > 0});
  };
  for (size_t i = 0; i < plan.fields.size(); i++) {
    if (plan.fields[i].wanted) add(i, 0);
  }
  for (const HashedColumn& column : plan.hashed) add(column.field, column.buckets);
}

ParquetParser::~ParquetParser() {
  for (const Made& made : made_) made.builder->pool()->Close();
}

ParquetParser::Type ParquetParser::TypeNamed(std::string_view name) {
  static const std::map<std::string_view, Type> kTypes = {
      {"BOOLEAN", Type::kBool},     {"TINYINT", Type::kInt8},    {"SMALLINT", Type::kInt16},
      {"INTEGER", Type::kInt32},    {"BIGINT", Type::kInt64},    {"UTINYINT", Type::kUint8},
      {"USMALLINT", Type::kUint16}, {"UINTEGER", Type::kUint32}, {"UBIGINT", Type::kUint64},
      {"FLOAT", Type::kFloat},      {"DOUBLE", Type::kDouble},   {"VARCHAR", Type::kText},
      {"BLOB", Type::kText},        {"JSON", Type::kText},
  };
  const auto found = kTypes.find(name);
  return found == kTypes.end() ? Type::kOther : found->second;
}

void ParquetParser::Open(int32_t file, const std::vector<ParquetColumn>& columns) {
  file_ = file;
  selection_.clear();
  for (Source& source : sources_) {
    const Field& field = plan_.fields[source.field];
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const ParquetColumn& c) { return c.name == field.name; });
    const std::string selected = found == columns.end() ? "" : Describe(source, *found);
    if (selected.empty() || !Suits(field, source)) {
      Problem problem;
      problem.kind = ProblemKind::kColumns;
      problem.file = file;
      problem.text = field.name;
      for (const ParquetColumn& column : columns) problem.text += '\0' + column.name + '\0' + column.type;
      throw problem;
    }
    if (!selection_.empty()) selection_ += ", ";
    selection_ += selected;
  }
  if (selection_.empty()) selection_ = "0";
}

/** What to select for a column; empty where its type is not known. */
std::string ParquetParser::Describe(Source& source, const ParquetColumn& column) const {
  std::string_view type = column.type;
  const std::string name = QuotedName(column.name);
  const bool ends_as_list = !type.empty() && type.back() == ']';
  source.is_list = ends_as_list;
  const bool is_array = ends_as_list && type[type.size() - 2] != '[';
  if (ends_as_list) type = type.substr(0, type.rfind('['));
  const bool is_decimal = type.substr(0, 8) == "DECIMAL(";
  source.type = is_decimal ? Type::kDouble : TypeNamed(type);
  source.is_utf8 = type != "BLOB";
  if (source.type == Type::kOther) return "";
  if (!is_decimal && !is_array) return name;
  const std::string element = is_decimal ? "DOUBLE" : std::string(type);
  return "CAST(" + name + " AS " + element + (source.is_list ? "[])" : ")");
}

/** Texts are parsed; how a number that is not whole becomes text is for a config to say, except in a list of numbers. */
bool ParquetParser::Suits(const Field& field, const Source& source) {
  if (source.type == Type::kText || field.type != FieldType::kString || field.numeric) return true;
  const bool is_whole = source.type != Type::kFloat && source.type != Type::kDouble;
  return is_whole || (source.is_list && !field.list_separator.empty());
}

std::unique_ptr<ParquetRows> ParquetParser::Parse(const DuckChunk& chunk, int64_t first_row) {
  auto rows = std::make_unique<ParquetRows>();
  rows->count = static_cast<int64_t>(chunk.rows());
  for (Made& made : made_) {
    const Source& source = sources_[made.source];
    const DuckVector values = chunk.Column(made.source);
    const DuckVector elements = source.is_list ? chunk.Elements(values) : DuckVector{};
    ParseColumn(made, {source, plan_.fields[source.field], values, elements, rows->count, first_row, rows->bad});
  }
  for (Made& made : made_) {
    rows->columns.push_back(made.builder->Finish());
    if (made.type.dtype != kStringType) continue;
    for (const auto& [row, why] : rows->bad) {
      std::memset(rows->columns.back().block->data() + static_cast<size_t>(row) * made.type.bytes, 0, made.type.bytes);
    }
  }
  return rows;
}

void ParquetParser::ParseColumn(Made& made, const Cells& cells) {
  if (made.is_hashed || cells.source.is_list || cells.field.type == FieldType::kString) return ParseTexts(made, cells);
  switch (cells.source.type) {
    case Type::kBool:
    case Type::kUint8: return ParseNumbers<uint8_t>(made, cells);
    case Type::kInt8: return ParseNumbers<int8_t>(made, cells);
    case Type::kInt16: return ParseNumbers<int16_t>(made, cells);
    case Type::kInt32: return ParseNumbers<int32_t>(made, cells);
    case Type::kInt64: return ParseNumbers<int64_t>(made, cells);
    case Type::kUint16: return ParseNumbers<uint16_t>(made, cells);
    case Type::kUint32: return ParseNumbers<uint32_t>(made, cells);
    case Type::kUint64: return ParseNumbers<uint64_t>(made, cells);
    case Type::kFloat: return ParseNumbers<float>(made, cells);
    case Type::kDouble: return ParseNumbers<double>(made, cells);
    case Type::kText:
    case Type::kOther: return ParseTexts(made, cells);
  }
}

template <typename T>
void ParquetParser::ParseNumbers(Made& made, const Cells& cells) {
  const auto* values = static_cast<const T*>(cells.values.data);
  char* elements = made.builder->Elements();
  for (int64_t row = 0; row < cells.count; row++) {
    const auto i = static_cast<uint64_t>(row);
    // A value that is not there is an empty field.
    const bool fits = cells.values.IsValid(i) ? PutNumber(values[i], cells.field.type, elements, row)
                                              : made.builder->Put(row, {}, /*ascii=*/true);
    if (fits) continue;
    Refuse(cells, row, cells.values.IsValid(i) ? TextOfValue(cells.source, cells.values, i) : "", kValue);
  }
}

void ParquetParser::ParseTexts(Made& made, const Cells& cells) {
  const auto* lists = static_cast<const DuckList*>(cells.values.data);
  const bool joins = cells.source.is_list && !cells.field.list_separator.empty();
  for (int64_t row = 0; row < cells.count; row++) {
    const auto i = static_cast<uint64_t>(row);
    std::string_view text;
    std::string_view why = kValue;
    bool fits = true;
    if (cells.values.IsValid(i)) {
      if (!cells.source.is_list) {
        text = TextOfValue(cells.source, cells.values, i);
      } else if (joins) {
        fits = JoinList(cells, lists[i], why);
        text = std::string_view(joined_.data(), joined_.size() - kPadding);
      } else if (lists[i].count > 1) {
        fits = false;
        why = kSeveral;
      } else if (lists[i].count == 1 && cells.elements.IsValid(lists[i].first)) {
        text = TextOfValue(cells.source, cells.elements, lists[i].first);
      }
    }
    if (!fits || !made.builder->Put(row, text, cells.source.is_utf8)) Refuse(cells, row, text, why);
  }
}

/** Into `joined_`; false, with the reason, where splitting would not give the elements again. */
bool ParquetParser::JoinList(const Cells& cells, const DuckList& list, std::string_view& why) {
  const std::string& separators = cells.field.list_separator;
  bool fits = true;
  joined_.clear();
  for (uint64_t i = list.first; i < list.first + list.count; i++) {
    if (i > list.first) joined_ += separators[0];
    if (!cells.elements.IsValid(i)) {
      why = kNullElement;
      fits = false;
      continue;
    }
    const std::string_view text = TextOfValue(cells.source, cells.elements, i);
    if (text.find_first_of(separators) != text.npos) {
      why = kSeparator;
      fits = false;
    }
    joined_ += text;
  }
  joined_.resize(joined_.size() + kPadding);
  return fits;
}

std::string_view ParquetParser::TextOfValue(const Source& source, const DuckVector& values, uint64_t i) {
  const auto printed = [&](auto zero) -> std::string_view {
    const auto value = static_cast<const decltype(zero)*>(values.data)[i];
    return {scratch_.data(), PrintNumber(value, scratch_.data())};
  };
  switch (source.type) {
    case Type::kBool:
    case Type::kUint8: return printed(uint8_t{});
    case Type::kInt8: return printed(int8_t{});
    case Type::kInt16: return printed(int16_t{});
    case Type::kInt32: return printed(int32_t{});
    case Type::kInt64: return printed(int64_t{});
    case Type::kUint16: return printed(uint16_t{});
    case Type::kUint32: return printed(uint32_t{});
    case Type::kUint64: return printed(uint64_t{});
    case Type::kFloat: return printed(float{});
    case Type::kDouble: return printed(double{});
    case Type::kText:
    case Type::kOther: break;
  }
  const DuckText& text = static_cast<const DuckText*>(values.data)[i];
  if (text.size <= kInlineText) {
    std::memcpy(scratch_.data(), text.start, kInlineText);
    return {scratch_.data(), text.size};
  }
  if (scratch_.size() < text.size + kPadding) scratch_.resize(2 * text.size + kPadding);
  std::memcpy(scratch_.data(), text.address, text.size);
  return {scratch_.data(), text.size};
}

/** The first reason counts. */
void ParquetParser::Refuse(const Cells& cells, int64_t row, std::string_view text, std::string_view why) {
  BadRow bad;
  bad.file = file_;
  bad.line = cells.first_row + row;
  bad.text = std::string(text.substr(0, kShownBytes));
  bad.header = cells.field.name + '\0' + std::string(why);
  cells.bad.emplace(row, std::move(bad));
}

}  // namespace easyrec::reader
