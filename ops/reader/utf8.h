// Whether bytes are UTF-8.
#ifndef EASYREC_READER_UTF8_H_
#define EASYREC_READER_UTF8_H_

#include <cstdint>
#include <string_view>

#include "easyrec/utf8.h"

namespace easyrec::reader {

/** Strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
inline bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    uint32_t code_point = 0;
    const size_t length = easyrec::internal::DecodeOne(text, code_point);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace easyrec::reader

#endif  // EASYREC_READER_UTF8_H_
