#include "memory.h"

#include <sys/mman.h>

#include <new>

namespace easyrec::embedding {

namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t{1} << 21;
/** What is asked of the system at a time, if no block needs more. */
constexpr size_t kRegion = size_t{1} << 26;
/** Larger blocks are regions of their own, and go back to the system. */
constexpr size_t kLarge = kRegion / 4;

size_t RoundUp(size_t size, size_t to) { return (size + to - 1) / to * to; }

/** Address space of so many bytes, a multiple of huge pages. */
char* Reserve(size_t bytes) {
  // As much more as makes room for an aligned start; it is given back at once.
  void* const mapped = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  char* const begin = static_cast<char*>(mapped);
  const size_t address = reinterpret_cast<size_t>(begin);
  const size_t before = RoundUp(address, kHugePage) - address;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, kHugePage - before);
#ifdef MADV_HUGEPAGE
  madvise(begin + before, bytes, MADV_HUGEPAGE);
#endif
  return begin + before;
}

}  // namespace

Memory::~Memory() {
  for (const auto& [begin, bytes] : regions_) munmap(begin, bytes);
  for (const auto& [begin, bytes] : large_) munmap(begin, bytes);
}

void* Memory::Take(size_t bytes) {
  const size_t size = RoundUp(bytes, kLine);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (size > kLarge) {
    const size_t reserved = RoundUp(size, kHugePage);
    char* const block = Reserve(reserved);
    large_.emplace(block, reserved);
    return block;
  }
  std::vector<void*>& free = free_[size];
  if (!free.empty()) {
    void* const block = free.back();
    free.pop_back();
    return block;
  }
  if (left_ < size) {
    next_ = Reserve(kRegion);
    left_ = kRegion;
    regions_.emplace_back(next_, kRegion);
  }
  char* const block = next_;
  next_ += size;
  left_ -= size;
  return block;
}

void Memory::Give(void* block, size_t bytes) {
  const size_t size = RoundUp(bytes, kLine);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (size <= kLarge) {
    free_[size].push_back(block);
    return;
  }
  const auto found = large_.find(block);
  munmap(found->first, found->second);
  large_.erase(found);
}

}  // namespace easyrec::embedding
