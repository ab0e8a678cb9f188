#include "fingerprint.h"

#include <cstring>
#include <utility>

namespace easyrec::reader {
namespace {

constexpr uint64_t k0 = 0xc3a5c85c97cb3127;
constexpr uint64_t k1 = 0xb492b66fbe98f273;
constexpr uint64_t k2 = 0x9ae16a3b2f90404f;

uint64_t Fetch64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

uint64_t Fetch32(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

uint64_t Rotate(uint64_t value, int shift) { return (value >> shift) | (value << (64 - shift)); }
uint64_t ShiftMix(uint64_t value) { return value ^ (value >> 47); }

uint64_t Mix(uint64_t u, uint64_t v, uint64_t mul) {
  const uint64_t a = ShiftMix((u ^ v) * mul);
  return ShiftMix((v ^ a) * mul) * mul;
}

uint64_t Upto16(const char* s, uint64_t n) {
  const uint64_t mul = k2 + n * 2;
  if (n >= 8) {
    const uint64_t a = Fetch64(s) + k2;
    const uint64_t b = Fetch64(s + n - 8);
    return Mix(Rotate(b, 37) * mul + a, (Rotate(a, 25) + b) * mul, mul);
  }
  if (n >= 4) return Mix(n + (Fetch32(s) << 3), Fetch32(s + n - 4), mul);
  if (n == 0) return k2;
  const auto byte = [&](uint64_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(s[i])); };
  const uint64_t y = byte(0) + (byte(n >> 1) << 8);
  const uint64_t z = n + (byte(n - 1) << 2);
  return ShiftMix(y * k2 ^ z * k0) * k2;
}

uint64_t Upto32(const char* s, uint64_t n) {
  const uint64_t mul = k2 + n * 2;
  const uint64_t a = Fetch64(s) * k1;
  const uint64_t b = Fetch64(s + 8);
  const uint64_t c = Fetch64(s + n - 8) * mul;
  const uint64_t d = Fetch64(s + n - 16) * k2;
  return Mix(Rotate(a + b, 43) + Rotate(c, 30) + d, a + Rotate(b + k2, 18) + c, mul);
}

uint64_t Upto64(const char* s, uint64_t n) {
  const uint64_t mul = k2 + n * 2;
  const uint64_t a = Fetch64(s) * k2;
  const uint64_t b = Fetch64(s + 8);
  const uint64_t c = Fetch64(s + n - 8) * mul;
  const uint64_t d = Fetch64(s + n - 16) * k2;
  const uint64_t y = Rotate(a + b, 43) + Rotate(c, 30) + d;
  const uint64_t z = Mix(y, a + Rotate(b + k2, 18) + c, mul);
  const uint64_t e = Fetch64(s + 16) * mul;
  const uint64_t f = Fetch64(s + 24);
  const uint64_t g = (y + Fetch64(s + n - 32)) * mul;
  const uint64_t h = (z + Fetch64(s + n - 24)) * mul;
  return Mix(Rotate(e + f, 43) + Rotate(g, 30) + h, e + Rotate(f + a, 18) + g, mul);
}

using Pair = std::pair<uint64_t, uint64_t>;

Pair Weak32(const char* s, uint64_t a, uint64_t b) {
  const uint64_t z = Fetch64(s + 24);
  a += Fetch64(s);
  b = Rotate(b + a + z, 21);
  const uint64_t c = a;
  a += Fetch64(s + 8) + Fetch64(s + 16);
  b += Rotate(a, 44);
  return {a + z, b + c};
}

struct State {
  uint64_t x;
  uint64_t y;
  uint64_t z;
  Pair v{0, 0};
  Pair w{0, 0};

  void Take(const char* s, uint64_t mul, uint64_t by_w, uint64_t by_v) {
    x = Rotate(x + y + v.first + Fetch64(s + 8), 37) * mul;
    y = Rotate(y + v.second + Fetch64(s + 48), 42) * mul;
    x ^= w.second * by_w;
    y += v.first * by_v + Fetch64(s + 40);
    z = Rotate(z + w.first, 33) * mul;
    v = Weak32(s, v.second * mul, x + w.first);
    w = Weak32(s + 32, z + w.second, y + Fetch64(s + 16));
    std::swap(z, x);
  }
};

}  // namespace

uint64_t Fingerprint64(std::string_view text) {
  const char* s = text.data();
  const uint64_t n = text.size();
  if (n <= 16) return Upto16(s, n);
  if (n <= 32) return Upto32(s, n);
  if (n <= 64) return Upto64(s, n);
  constexpr uint64_t kSeed = 81;
  State state;
  state.y = kSeed * k1 + 113;
  state.z = ShiftMix(state.y * k2 + 113) * k2;
  state.x = kSeed * k2 + Fetch64(s);
  const char* end = s + (n - 1) / 64 * 64;
  const char* last = end + ((n - 1) & 63) - 63;
  for (; s != end; s += 64) state.Take(s, k1, 1, 1);
  const uint64_t mul = k1 + ((state.z & 0xff) << 1);
  state.w.first += (n - 1) & 63;
  state.v.first += state.w.first;
  state.w.first += state.v.first;
  state.Take(last, mul, 9, 9);
  return Mix(Mix(state.v.first, state.w.first, mul) + ShiftMix(state.y) * k0 + state.z,
             Mix(state.v.second, state.w.second, mul) + state.x, mul);
}

}  // namespace easyrec::reader
