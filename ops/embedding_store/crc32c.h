// CRC-32C (Castagnoli), as TensorFlow's checkpoints have it of every tensor.
#ifndef EASYREC_CRC32C_H_
#define EASYREC_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace easyrec::embedding {

/** The CRC of what `crc` is of (0 of nothing), followed by `size` bytes. */
uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size);

/** The same for `count` zeros, in time proportional to the logarithm of `count`. */
uint32_t ExtendCrc32cByZeros(uint32_t crc, uint64_t count);

/** As files store it: a CRC of data that holds CRCs stays strong. */
inline uint32_t MaskedCrc32c(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

/** Without the processor's instruction for it; for tests. */
uint32_t ExtendCrc32cByTable(uint32_t crc, const void* data, size_t size);

}  // namespace easyrec::embedding

#endif  // EASYREC_CRC32C_H_
