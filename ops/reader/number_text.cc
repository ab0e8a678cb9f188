#include "number_text.h"

#include <locale.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

namespace easyrec::reader {
namespace {

bool IsBlank(char c) { return c == ' ' || (c >= 9 && c <= 13); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

/** Takes a sign off the front; whether it was a minus. */
bool TakeSign(std::string_view& text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (negative || text.front() == '+')) text.remove_prefix(1);
  return negative;
}

bool EqualsLower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); i++) {
    if (Lower(text[i]) != lower[i]) return false;
  }
  return true;
}

template <typename IsOne>
size_t CountWhile(std::string_view text, size_t from, IsOne is_one) {
  size_t p = from;
  while (p < text.size() && is_one(text[p])) p++;
  return p - from;
}

/** An exponent's digits, `[+-]?\d+`, up to the end of `text`; false if they are something else. Large ones saturate. */
bool TakeExponent(std::string_view text, int64_t& value) {
  const bool negative = TakeSign(text);
  if (text.empty()) return false;
  value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    if (value < 1000000000) value = value * 10 + (c - '0');
  }
  if (negative) value = -value;
  return true;
}

/** What number_text.ts calls DECIMAL, its sign taken off before. */
bool IsDecimal(std::string_view text) {
  const size_t whole = CountWhile(text, 0, IsDigit);
  size_t p = whole;
  size_t fraction = 0;
  if (p < text.size() && text[p] == '.') {
    fraction = CountWhile(text, p + 1, IsDigit);
    p += 1 + fraction;
  }
  if (whole + fraction == 0) return false;
  // A dot, then digits, is how a number may begin; digits, then a dot alone, as well.
  if (p == text.size()) return true;
  int64_t exponent = 0;
  return Lower(text[p]) == 'e' && TakeExponent(text.substr(p + 1), exponent);
}

/** At most 13 hexadecimal digits without leading zeros, so that no rounding is needed. */
bool ParseHexadecimal(std::string_view text, double& value) {
  constexpr size_t kMaxDigits = 13;
  if (text.size() < 3 || text[0] != '0' || Lower(text[1]) != 'x') return false;
  text.remove_prefix(2);
  uint64_t digits = 0;
  size_t significant = 0;
  size_t total = 0;
  int64_t fraction = 0;
  bool dot = false;
  size_t p = 0;
  for (; p < text.size(); p++) {
    if (text[p] == '.' && !dot) {
      dot = true;
      continue;
    }
    const int digit = HexDigit(text[p]);
    if (digit < 0) break;
    total++;
    if (dot) fraction++;
    if (significant > 0 || digit > 0) significant++;
    if (significant <= kMaxDigits) digits = digits * 16 + static_cast<uint64_t>(digit);
  }
  if (total == 0) return false;
  int64_t exponent = 0;
  if (p < text.size() && (Lower(text[p]) != 'p' || !TakeExponent(text.substr(p + 1), exponent))) return false;
  if (significant > kMaxDigits) return false;
  const int64_t power = exponent - 4 * fraction;
  const int clamped = static_cast<int>(power > 100000 ? 100000 : power < -100000 ? -100000 : power);
  value = static_cast<double>(digits) * std::ldexp(1.0, clamped);
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  return true;
}

bool IsNan(std::string_view text) {
  if (!EqualsLower(text.substr(0, 3), "nan")) return false;
  text.remove_prefix(3);
  if (text.empty()) return true;
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  for (const char c : text.substr(1, text.size() - 2)) {
    if (!IsDigit(c) && c != '_' && !(Lower(c) >= 'a' && Lower(c) <= 'z')) return false;
  }
  return true;
}

/** The C library's conversions round correctly, but read the decimal point of the process's locale. */
locale_t PlainLocale() {
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  return plain;
}

template <typename T, T (*kConvert)(const char*, char**, locale_t)>
T Convert(std::string_view decimal) {
  char buffer[128];
  if (decimal.size() < sizeof(buffer)) {
    decimal.copy(buffer, decimal.size());
    buffer[decimal.size()] = '\0';
    return kConvert(buffer, nullptr, PlainLocale());
  }
  return kConvert(std::string(decimal).c_str(), nullptr, PlainLocale());
}

constexpr double kExactPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
/** Up to here every whole number is a double. */
constexpr int kMaxExactDigits = 15;

/** A short decimal number without exponent: one division of exact doubles, correctly rounded. */
bool ParseShort(std::string_view text, double& value) {
  const bool negative = TakeSign(text);
  uint64_t mantissa = 0;
  int digits = 0;
  int scale = 0;
  bool fraction = false;
  if (text.size() > kMaxExactDigits + 1) return false;
  for (const char c : text) {
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!IsDigit(c)) return false;
    mantissa = mantissa * 10 + static_cast<uint64_t>(c - '0');
    digits++;
    scale += fraction ? 1 : 0;
  }
  if (digits == 0 || digits > kMaxExactDigits) return false;
  value = static_cast<double>(mantissa);
  if (scale > 0) value /= kExactPowers[scale];
  if (negative) value = -value;
  return true;
}

/** Everything that `ParseShort` leaves; `decimal` receives the text, sign included, where it is a decimal number. */
bool ParseUnusual(std::string_view text, double& value, std::string_view& decimal) {
  const std::string_view all = text;
  const bool negative = TakeSign(text);
  if (IsDecimal(text)) {
    decimal = all;
    return true;
  }
  if (EqualsLower(text, "inf") || EqualsLower(text, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (IsNan(text)) {
    value = std::numeric_limits<double>::quiet_NaN();
    return true;
  } else if (!ParseHexadecimal(text, value)) {
    return false;
  }
  if (negative && !std::isnan(value)) value = -value;
  return true;
}

}  // namespace

bool ParseInt64(std::string_view text, int64_t& value) {
  text = Trim(text);
  const bool negative = TakeSign(text);
  if (text.empty()) return false;
  const uint64_t limit = negative ? uint64_t{1} << 63 : (uint64_t{1} << 63) - 1;
  uint64_t magnitude = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (magnitude > (limit - digit) / 10) return false;
    magnitude = magnitude * 10 + digit;
  }
  value = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

bool ParseInt32(std::string_view text, int32_t& value) {
  int64_t wide = 0;
  if (!ParseInt64(text, wide) || wide != static_cast<int32_t>(wide)) return false;
  value = static_cast<int32_t>(wide);
  return true;
}

bool ParseDouble(std::string_view text, double& value) {
  if (ParseShort(text, value)) return true;
  std::string_view decimal;
  if (!ParseUnusual(Trim(text), value, decimal)) return false;
  if (!decimal.empty()) value = Convert<double, strtod_l>(decimal);
  return true;
}

bool ParseFloat(std::string_view text, float& value) {
  double wide = 0;
  const bool is_short = ParseShort(text, wide);
  if (!is_short) {
    std::string_view decimal;
    if (!ParseUnusual(Trim(text), wide, decimal)) return false;
    if (!decimal.empty()) {
      value = Convert<float, strtof_l>(decimal);
      return true;
    }
  }
  value = static_cast<float>(wide);
  if (!is_short || static_cast<double>(value) == wide) return true;
  // Where the double lies half way between two floats, or was rounded to there, only the text can tell to which side.
  uint64_t bits = 0;
  static_assert(sizeof(bits) == sizeof(wide));
  std::memcpy(&bits, &wide, sizeof(bits));
  const bool half_way = (bits & 0x1FFFFFFF) == 0x10000000;
  if (half_way || std::fabs(wide) < std::numeric_limits<float>::min()) value = Convert<float, strtof_l>(text);
  return true;
}

bool ParseBool(std::string_view text, uint8_t& value) {
  text = Trim(text);
  value = text == "1" || EqualsLower(text, "true") ? 1 : 0;
  return value == 1 || text == "0" || EqualsLower(text, "false");
}

}  // namespace easyrec::reader
