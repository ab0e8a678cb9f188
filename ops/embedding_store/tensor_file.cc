#include "tensor_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "crc32c.h"

namespace easyrec::embedding {

namespace {

constexpr size_t kPage = 4096;

[[noreturn]] void Fail(const std::string& path, const char* what) {
  throw std::runtime_error(path + ": cannot be " + what + ": " + std::strerror(errno));
}

bool IsZero(const char* data, size_t size) {
  // Each byte equals the one before it, and the first is 0.
  return size == 0 || (data[0] == 0 && std::memcmp(data, data + 1, size - 1) == 0);
}

}  // namespace

File File::Create(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) Fail(path, "written");
  return File(path, descriptor);
}

File File::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) Fail(path, "read");
  return File(path, descriptor);
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

void File::Write(const void* data, size_t size, int64_t offset) const {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = pwrite(descriptor_, from, size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail(path_, "written");
    from += written;
    offset += written;
    size -= static_cast<size_t>(written);
  }
}

void File::Read(void* data, size_t size, int64_t offset) const {
  char* to = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t taken = pread(descriptor_, to, size, offset);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) Fail(path_, "read");
    if (taken == 0) throw std::runtime_error(path_ + ": ends too early: it is damaged or incomplete");
    to += taken;
    offset += taken;
    size -= static_cast<size_t>(taken);
  }
}

bool File::IsHole(size_t size, int64_t offset) const {
  const off_t data = lseek(descriptor_, offset, SEEK_DATA);
  // No data from there on: a hole if the file goes on at all.
  if (data < 0) return errno == ENXIO && lseek(descriptor_, 0, SEEK_END) >= offset + static_cast<int64_t>(size);
  return data >= offset + static_cast<int64_t>(size);
}

void File::SetSize(int64_t size) const {
  if (ftruncate(descriptor_, size) != 0) Fail(path_, "written");
}

void TensorWriter::Append(const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  // What has to be written of it begins here.
  size_t begin = 0;
  for (size_t at = 0; at < size;) {
    const size_t rest = kPage - static_cast<size_t>(offset_ + static_cast<int64_t>(at)) % kPage;
    const size_t part = std::min(rest, size - at);
    if (IsZero(from + at, part)) {
      if (at > begin) file_.Write(from + begin, at - begin, offset_ + static_cast<int64_t>(begin));
      begin = at + part;
      zeros_ += part;
    } else {
      crc_ = ExtendCrc32c(crc(), from + at, part);
      zeros_ = 0;
    }
    at += part;
  }
  if (size > begin) file_.Write(from + begin, size - begin, offset_ + static_cast<int64_t>(begin));
  offset_ += static_cast<int64_t>(size);
}

uint32_t TensorWriter::crc() const { return ExtendCrc32cByZeros(crc_, zeros_); }

void TensorReader::Take(void* data, size_t size) {
  if (file_.IsHole(size, offset_)) {
    std::memset(data, 0, size);
    crc_ = ExtendCrc32cByZeros(crc_, size);
  } else {
    file_.Read(data, size, offset_);
    crc_ = ExtendCrc32c(crc_, data, size);
  }
  offset_ += static_cast<int64_t>(size);
}

}  // namespace easyrec::embedding
