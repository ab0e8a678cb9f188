// UTF-8 text as a sequence of symbols.
#ifndef EASYREC_UTF8_H_
#define EASYREC_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace easyrec {

/** A byte that is no part of valid UTF-8 becomes the symbol kInvalidByte + byte, above every code point. */
constexpr uint32_t kInvalidByte = 0x110000;

namespace internal {

/**
 * The code point at the start of `text`, and its length in bytes; length 0 when there is no valid one (a
 * stray continuation byte, a cut-off or overlong sequence, a surrogate, a value above U+10FFFF).
 */
inline size_t DecodeOne(std::string_view text, uint32_t& code_point) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) {
    code_point = lead;
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  code_point = lead & (0x7F >> length);
  for (size_t i = 1; i < length; i++) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code_point = (code_point << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return overlong || surrogate || code_point > 0x10FFFF ? 0 : length;
}

}  // namespace internal

/**
 * Appends the code points of `text` to `symbols`. Invalid bytes are kept, each as a symbol of its own that
 * equals only the same byte: two damaged texts differ exactly where their bytes do.
 */
inline void DecodeUtf8(std::string_view text, std::vector<uint32_t>& symbols) {
  while (!text.empty()) {
    uint32_t code_point = 0;
    const size_t length = internal::DecodeOne(text, code_point);
    symbols.push_back(length == 0 ? kInvalidByte + static_cast<uint8_t>(text[0]) : code_point);
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

}  // namespace easyrec

#endif  // EASYREC_UTF8_H_
