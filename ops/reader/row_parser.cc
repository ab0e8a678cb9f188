#include "row_parser.h"

#include <algorithm>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace easyrec::reader {
namespace {

constexpr char kQuote = '"';

/** What is of interest in 64 bytes, a bit each. */
struct Masks {
  uint64_t separators;
  uint64_t quotes;
  uint64_t high;
};

#if defined(__SSE2__)
Masks MasksOf(const char* p, char separator) {
  const __m128i wanted = _mm_set1_epi8(separator);
  const __m128i quote = _mm_set1_epi8(kQuote);
  Masks masks{0, 0, 0};
  for (int i = 0; i < 4; i++) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    const auto bits = [&](__m128i value) {
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(value))) << (16 * i);
    };
    masks.separators |= bits(_mm_cmpeq_epi8(bytes, wanted));
    masks.quotes |= bits(_mm_cmpeq_epi8(bytes, quote));
    masks.high |= bits(bytes);
  }
  return masks;
}
#else
Masks MasksOf(const char* p, char separator) {
  Masks masks{0, 0, 0};
  for (int i = 0; i < 64; i++) {
    masks.separators |= static_cast<uint64_t>(p[i] == separator) << i;
    masks.quotes |= static_cast<uint64_t>(p[i] == kQuote) << i;
    masks.high |= static_cast<uint64_t>(static_cast<uint8_t>(p[i]) >> 7) << i;
  }
  return masks;
}
#endif

}  // namespace

RowParser::RowParser(const Plan& plan, int64_t capacity, size_t kept_blocks) : plan_(plan) {
  builders_of_field_.resize(plan.fields.size());
  const auto add = [&](size_t field, uint64_t buckets) {
    builders_of_field_[field].push_back(builders_.size());
    builders_.push_back(std::make_unique<ColumnBuilder>(plan.fields[field], buckets, capacity, kept_blocks));
  };
  for (size_t i = 0; i < plan.fields.size(); i++) {
    if (plan.fields[i].wanted) add(i, 0);
  }
  for (const HashedColumn& column : plan.hashed) add(column.field, column.buckets);
}

RowParser::~RowParser() {
  for (const auto& builder : builders_) builder->pool()->Close();
}

void RowParser::AddWanted(size_t column, size_t field, FileLayout& layout) const {
  for (const size_t builder : builders_of_field_[field]) layout.wanted.push_back({column, builder});
}

FileLayout RowParser::PlainLayout() const {
  FileLayout layout;
  layout.columns = plan_.fields.size();
  for (size_t i = 0; i < layout.columns; i++) AddWanted(i, i, layout);
  return layout;
}

bool RowParser::HeaderLayout(std::string_view header, FileLayout& layout) {
  layout.header = std::string(header);
  std::vector<std::string> names;
  // A field with misplaced quotes is taken as it stands.
  for (size_t p = 0; !header.empty() && p <= header.size();) {
    size_t next = p < header.size() && header[p] == kQuote ? ScanQuoted(header, p) : header.npos;
    if (next != header.npos) {
      names.emplace_back(unquoted_.data(), unquoted_size_);
    } else {
      next = std::min(header.find(plan_.separator, p), header.size());
      names.emplace_back(header.substr(p, next - p));
    }
    p = next + 1;
  }
  layout.columns = names.size();
  layout.wanted.clear();
  for (const Field& field : plan_.fields) {
    if (std::count(names.begin(), names.end(), field.name) != 1) return false;
  }
  for (size_t column = 0; column < names.size(); column++) {
    for (size_t i = 0; i < plan_.fields.size(); i++) {
      if (plan_.fields[i].name == names[column]) AddWanted(column, i, layout);
    }
  }
  return true;
}

bool RowParser::Parse(const FileLayout& layout, int64_t row, std::string_view text) {
  if (text.empty()) return false;
  if (!Split(text, layout.columns)) return has_quotes_ && ParseQuoted(layout, row, text);
  const char* begin = text.data();
  const uint32_t* separators = separators_.data();
  for (const auto& [column, builder] : layout.wanted) {
    const uint32_t from = column == 0 ? 0 : separators[column - 1] + 1;
    const std::string_view field(begin + from, separators[column] - from);
    if (!builders_[builder]->Put(row, field, ascii_)) return false;
  }
  return true;
}

std::vector<PooledBlock> RowParser::Finish() {
  std::vector<PooledBlock> columns;
  columns.reserve(builders_.size());
  for (const auto& builder : builders_) columns.push_back(builder->Finish());
  return columns;
}

bool RowParser::Split(std::string_view text, size_t columns) {
  if (separators_.size() < columns + 64) separators_.resize(columns + 64);
  uint32_t* found = separators_.data();
  const uint32_t* limit = found + columns;
  uint64_t high = 0;
  has_quotes_ = false;
  ascii_ = true;
  for (size_t base = 0; base < text.size(); base += 64) {
    Masks masks = MasksOf(text.data() + base, plan_.separator);
    const size_t rest = text.size() - base;
    const uint64_t valid = rest >= 64 ? ~uint64_t{0} : (uint64_t{1} << rest) - 1;
    if ((masks.quotes & valid) != 0) {
      has_quotes_ = true;
      return false;
    }
    high |= masks.high & valid;
    for (uint64_t bits = masks.separators & valid; bits != 0; bits &= bits - 1) {
      *found++ = static_cast<uint32_t>(base) + static_cast<uint32_t>(__builtin_ctzll(bits));
    }
    // Quotes further on could hold separators, but not those found before them: too many they are.
    if (found >= limit) return false;
  }
  *found++ = static_cast<uint32_t>(text.size());
  ascii_ = high == 0;
  return found == limit;
}

bool RowParser::ParseQuoted(const FileLayout& layout, int64_t row, std::string_view text) {
  auto wanted = layout.wanted.begin();
  size_t p = 0;
  for (size_t column = 0; column < layout.columns; column++) {
    size_t next = p;
    std::string_view field;
    if (p < text.size() && text[p] == kQuote) {
      next = ScanQuoted(text, p);
      if (next == text.npos) return false;
      field = std::string_view(unquoted_.data(), unquoted_size_);
    } else {
      next = std::min(text.find(plan_.separator, p), text.size());
      field = text.substr(p, next - p);
      if (field.find(kQuote) != field.npos) return false;
    }
    for (; wanted != layout.wanted.end() && wanted->column == column; wanted++) {
      if (!builders_[wanted->builder]->Put(row, field, /*ascii=*/false)) return false;
    }
    if ((next == text.size()) != (column + 1 == layout.columns)) return false;
    p = next + 1;
  }
  return true;
}

size_t RowParser::ScanQuoted(std::string_view text, size_t start) {
  if (unquoted_.size() < text.size() - start + kPadding) unquoted_.resize(2 * (text.size() - start) + kPadding);
  size_t size = 0;
  for (size_t p = start + 1; p < text.size(); p++) {
    if (text[p] != kQuote) {
      unquoted_[size++] = text[p];
    } else if (p + 1 < text.size() && text[p + 1] == kQuote) {
      unquoted_[size++] = kQuote;
      p++;
    } else {
      unquoted_size_ = size;
      return p + 1 == text.size() || text[p + 1] == plan_.separator ? p + 1 : text.npos;
    }
  }
  return text.npos;
}

}  // namespace easyrec::reader
