// FarmHash's Fingerprint64, the hash behind TensorFlow's StringToHashBucketFast. Its constants and steps are what
// defines it (https://github.com/google/farmhash, farmhashna::Hash64).
#ifndef EASYREC_READER_FINGERPRINT_H_
#define EASYREC_READER_FINGERPRINT_H_

#include <cstdint>
#include <string_view>

namespace easyrec::reader {

uint64_t Fingerprint64(std::string_view text);

}  // namespace easyrec::reader

#endif  // EASYREC_READER_FINGERPRINT_H_
