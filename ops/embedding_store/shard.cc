#include "shard.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <utility>

#include "easyrec/status.h"

namespace easyrec::embedding {

namespace {

constexpr size_t kLine = 64;
/** Chunks from here on come from the system, page by page as they are written to. */
constexpr size_t kMapped = size_t{1} << 18;
/** Pages of this size save a table of many rows the misses of the address cache. */
constexpr size_t kHugePage = size_t{1} << 21;

size_t RoundUp(size_t size, size_t to) { return (size + to - 1) / to * to; }

float* Allocate(size_t bytes) {
  if (bytes < kMapped) {
    void* const memory = std::aligned_alloc(kLine, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<float*>(memory);
  }
  const size_t alignment = bytes < 2 * kHugePage ? 0 : kHugePage;
  char* const mapped = static_cast<char*>(mmap(nullptr, bytes + alignment, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  if (alignment == 0) return reinterpret_cast<float*>(mapped);
  const size_t before = RoundUp(reinterpret_cast<size_t>(mapped), kHugePage) - reinterpret_cast<size_t>(mapped);
  if (before > 0) munmap(mapped, before);
  if (alignment > before) munmap(mapped + before + bytes, alignment - before);
#ifdef MADV_HUGEPAGE
  madvise(mapped + before, bytes, MADV_HUGEPAGE);
#endif
  return reinterpret_cast<float*>(mapped + before);
}

void Free(float* memory, size_t bytes) {
  if (bytes < kMapped) {
    std::free(memory);
  } else {
    munmap(memory, bytes);
  }
}

}  // namespace

IndexEntry* Index::Add(int64_t id, uint64_t hash, int32_t slot, int32_t last) {
  if (10 * (size_ + 1) > 7 * entries_.size()) Grow();
  size_t place = PlaceOf(hash);
  while (entries_[place].slot != IndexEntry::kFree) place = (place + 1) & mask_;
  entries_[place] = {id, slot, last};
  size_++;
  return &entries_[place];
}

void Index::Grow() {
  constexpr size_t kLeast = 16;
  std::vector<IndexEntry> larger(entries_.empty() ? kLeast : 2 * entries_.size());
  const size_t mask = larger.size() - 1;
  for (const IndexEntry& entry : entries_) {
    if (entry.slot == IndexEntry::kFree) continue;
    size_t place = static_cast<size_t>(HashOf(entry.id)) & mask;
    while (larger[place].slot != IndexEntry::kFree) place = (place + 1) & mask;
    larger[place] = entry;
  }
  entries_.swap(larger);
  mask_ = mask;
}

Arena::Arena(int64_t width) : width_(width) {}

Arena::Arena(Arena&& other) noexcept
    : width_(other.width_),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      chunk_count_(std::exchange(other.chunk_count_, 0)) {
  std::swap(chunks_, other.chunks_);
}

Arena::~Arena() {
  for (int chunk = 0; chunk < chunk_count_; chunk++) Free(chunks_[chunk], ChunkBytes(chunk));
}

size_t Arena::ChunkBytes(int chunk) const {
  const size_t bytes = (static_cast<size_t>(kFirst) << chunk) * static_cast<size_t>(width_) * sizeof(float);
  return RoundUp(bytes, bytes < kMapped ? kLine : bytes < 2 * kHugePage ? 4096 : kHugePage);
}

int32_t Arena::Add() {
  if (size_ == capacity_) {
    const int64_t more = static_cast<int64_t>(kFirst) << chunk_count_;
    if (capacity_ + more > kMost) throw Error(TF_RESOURCE_EXHAUSTED, "a table has more rows in memory than can be numbered");
    chunks_[chunk_count_] = Allocate(ChunkBytes(chunk_count_));
    chunk_count_++;
    capacity_ += static_cast<int32_t>(more);
  }
  return size_++;
}

}  // namespace easyrec::embedding
