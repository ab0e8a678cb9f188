// Numbers from text, accepted and rounded as easyrec/input/csv/number_text.ts does: blanks around are ignored, all of
// the rest must be the number.
#ifndef EASYREC_READER_NUMBER_TEXT_H_
#define EASYREC_READER_NUMBER_TEXT_H_

#include <cstdint>
#include <string_view>

namespace easyrec::reader {

/** False if `text` spells no whole number, or one out of int64's range. */
bool ParseInt64(std::string_view text, int64_t& value);

/** False if `text` spells no whole number, or one out of int32's range. */
bool ParseInt32(std::string_view text, int32_t& value);

/** The nearest double; false if `text` spells no number. NaN is the positive quiet one. */
bool ParseDouble(std::string_view text, double& value);

/** The nearest float, rounded once; false if `text` spells no number. */
bool ParseFloat(std::string_view text, float& value);

/** true, false, 1 or 0, in any case of letters. */
bool ParseBool(std::string_view text, uint8_t& value);

}  // namespace easyrec::reader

#endif  // EASYREC_READER_NUMBER_TEXT_H_
