// Memory for the rows of a store and their indexes.
#ifndef EASYREC_MEMORY_H_
#define EASYREC_MEMORY_H_

#include <cstddef>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace easyrec::embedding {

/**
 * Hands out blocks from few large regions, in which the system may use huge pages: rows are read at random, and with
 * small pages each would miss the address cache too. Pages that were never written to take no memory. Blocks are aligned
 * to a line of the cache; what they hold is not defined. Any thread may take and give back.
 */
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  void* Take(size_t bytes);
  /** A block that Take gave for as many bytes. */
  void Give(void* block, size_t bytes);

 private:
  using Region = std::pair<char*, size_t>;

  std::mutex mutex_;
  std::vector<Region> regions_;
  char* next_ = nullptr;
  size_t left_ = 0;
  /** Of small blocks, by their size. */
  std::map<size_t, std::vector<void*>> free_;
  /** Those that are a region of their own. */
  std::map<void*, size_t> large_;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_MEMORY_H_
