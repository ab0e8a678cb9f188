#include "crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace easyrec::embedding {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78u;

/** Row k: what a byte does to the register when k bytes follow it. */
using Tables = std::array<std::array<uint32_t, 256>, 8>;

Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ kPolynomial : crc >> 1;
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); k++) {
    for (size_t byte = 0; byte < 256; byte++) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

const Tables& TheTables() {
  static const Tables tables = MakeTables();
  return tables;
}

uint32_t StepByTable(uint32_t state, const uint8_t* data, size_t size) {
  const Tables& tables = TheTables();
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    word ^= state;
    state = 0;
    for (size_t k = 0; k < 8; k++) state ^= tables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; size > 0; size--, data++) state = (state >> 8) ^ tables[0][(state ^ *data) & 0xff];
  return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t StepByInstruction(uint32_t state, const uint8_t* data, size_t size) {
  uint64_t wide = state;
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  state = static_cast<uint32_t>(wide);
  for (; size > 0; size--, data++) state = _mm_crc32_u8(state, *data);
  return state;
}
#endif

/** A linear map of registers: what bit k becomes. */
using Matrix = std::array<uint32_t, 32>;

uint32_t Times(const Matrix& matrix, uint32_t state) {
  uint32_t result = 0;
  for (size_t bit = 0; state != 0; bit++, state >>= 1) {
    if ((state & 1) != 0) result ^= matrix[bit];
  }
  return result;
}

/** Row k: 2^k zeros. */
using Powers = std::array<Matrix, 64>;

Powers MakePowers() {
  Powers powers{};
  for (size_t bit = 0; bit < 32; bit++) {
    const uint32_t state = 1u << bit;
    powers[0][bit] = (state >> 8) ^ TheTables()[0][state & 0xff];
  }
  for (size_t k = 1; k < powers.size(); k++) {
    for (size_t bit = 0; bit < 32; bit++) powers[k][bit] = Times(powers[k - 1], powers[k - 1][bit]);
  }
  return powers;
}

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ~StepByInstruction(~crc, static_cast<const uint8_t*>(data), size);
#endif
  return ExtendCrc32cByTable(crc, data, size);
}

uint32_t ExtendCrc32cByTable(uint32_t crc, const void* data, size_t size) {
  return ~StepByTable(~crc, static_cast<const uint8_t*>(data), size);
}

uint32_t ExtendCrc32cByZeros(uint32_t crc, uint64_t count) {
  static const Powers powers = MakePowers();
  uint32_t state = ~crc;
  for (size_t k = 0; count != 0; k++, count >>= 1) {
    if ((count & 1) != 0) state = Times(powers[k], state);
  }
  return ~state;
}

}  // namespace easyrec::embedding
