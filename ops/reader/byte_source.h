// The bytes of a file, unpacked where it is gzip.
#ifndef EASYREC_READER_BYTE_SOURCE_H_
#define EASYREC_READER_BYTE_SOURCE_H_

#include <cstddef>
#include <memory>
#include <string>

namespace easyrec::reader {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /** Fills the front of `target`; returns the number of bytes, 0 at the end. Throws Problem. */
  virtual size_t Read(char* target, size_t size) = 0;
  /** About how many bytes of the file, as it lies on disk, have been given so far. */
  virtual double ConsumedBytes() const = 0;
};

/** Opens a file; whether it is gzip is told by its first bytes. `file` is its number, for a Problem. */
std::unique_ptr<ByteSource> OpenByteSource(const std::string& path, int file);

}  // namespace easyrec::reader

#endif  // EASYREC_READER_BYTE_SOURCE_H_
