// Tensors in the data files of checkpoints, written and read from the first byte to the last.
#ifndef EASYREC_TENSOR_FILE_H_
#define EASYREC_TENSOR_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace easyrec::embedding {

/** An open file. Its functions throw, naming it and what the system said. */
class File {
 public:
  /** To be written to; made if it is not there. */
  static File Create(const std::string& path);
  static File Open(const std::string& path);
  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();

  void Write(const void* data, size_t size, int64_t offset) const;
  /** Fails where the file ends before. */
  void Read(void* data, size_t size, int64_t offset) const;
  /** Whether nothing was ever written there: such bytes are 0 and take no room on the disk. */
  bool IsHole(size_t size, int64_t offset) const;
  void SetSize(int64_t size) const;
  const std::string& path() const { return path_; }

 private:
  File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
};

/** Writes one tensor; where it is 0 for whole pages, the file gets a hole. */
class TensorWriter {
 public:
  TensorWriter(const File& file, int64_t offset) : file_(file), offset_(offset) {}

  void Append(const void* data, size_t size);
  /** Of what was appended. */
  uint32_t crc() const;

 private:
  const File& file_;
  int64_t offset_;
  uint32_t crc_ = 0;
  /** Zeros that crc_ does not include yet. */
  uint64_t zeros_ = 0;
};

/** Reads one tensor, or a part of it. */
class TensorReader {
 public:
  TensorReader(const File& file, int64_t offset) : file_(file), offset_(offset) {}

  void Take(void* data, size_t size);
  /** Of what was taken. */
  uint32_t crc() const { return crc_; }

 private:
  const File& file_;
  int64_t offset_;
  uint32_t crc_ = 0;
};

}  // namespace easyrec::embedding

#endif  // EASYREC_TENSOR_FILE_H_
