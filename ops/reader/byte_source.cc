#include "byte_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "problem.h"
#include "zlib_library.h"

namespace easyrec::reader {
namespace {

constexpr size_t kPackedBytes = 1 << 18;

class File {
 public:
  File(const std::string& path, int number) : number_(number) {
    // A pipe that nobody writes to must not hold the thread; reading it at a position fails afterwards.
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) throw Failure(ProblemKind::kOpen);
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int number() const { return number_; }

  size_t ReadAt(char* target, size_t size, int64_t position) const {
    for (;;) {
      const ssize_t count = pread(descriptor_, target, size, position);
      if (count >= 0) return static_cast<size_t>(count);
      if (errno != EINTR) throw Failure(ProblemKind::kRead);
    }
  }

 private:
  Problem Failure(ProblemKind kind) const {
    Problem problem;
    problem.kind = kind;
    problem.file = number_;
    problem.error_number = errno;
    return problem;
  }

  int number_;
  int descriptor_;
};

class PlainSource : public ByteSource {
 public:
  explicit PlainSource(std::unique_ptr<File> file) : file_(std::move(file)) {}

  size_t Read(char* target, size_t size) override {
    const size_t count = file_->ReadAt(target, size, position_);
    position_ += static_cast<int64_t>(count);
    return count;
  }

  double ConsumedBytes() const override { return static_cast<double>(position_); }

 private:
  std::unique_ptr<File> file_;
  int64_t position_ = 0;
};

/** One gzip member after the other, as Node's Gunzip takes them: zeros behind the last one are padding. */
class GzipSource : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<File> file)
      : file_(std::move(file)), zlib_(*Zlib::Find()), packed_(kPackedBytes) {
    if (zlib_.Init(stream_) != Zlib::kOk) throw Failure("Zlib error");
  }
  ~GzipSource() override { zlib_.End(stream_); }

  size_t Read(char* target, size_t size) override {
    stream_.next_out = reinterpret_cast<uint8_t*>(target);
    stream_.avail_out = static_cast<unsigned>(size);
    while (!done_ && stream_.avail_out == size) Step();
    return size - stream_.avail_out;
  }

  double ConsumedBytes() const override { return static_cast<double>(position_ - stream_.avail_in); }

 private:
  void Step() {
    if (stream_.avail_in == 0) {
      const size_t count = file_->ReadAt(packed_.data(), packed_.size(), position_);
      position_ += static_cast<int64_t>(count);
      stream_.next_in = reinterpret_cast<const uint8_t*>(packed_.data());
      stream_.avail_in = static_cast<unsigned>(count);
      if (count == 0) {
        done_ = true;
        if (!member_over_) throw Failure("unexpected end of file");
        return;
      }
    }
    if (member_over_) {
      if (stream_.next_in[0] == 0) {
        done_ = true;
        return;
      }
      zlib_.Reset(stream_);
      member_over_ = false;
    }
    const int result = zlib_.Inflate(stream_);
    if (result == Zlib::kStreamEnd) {
      member_over_ = true;
    } else if (result == Zlib::kNeedDictionary) {
      throw Failure("Missing dictionary");
    } else if (result != Zlib::kOk && result != Zlib::kBufferError) {
      throw Failure(stream_.msg != nullptr ? stream_.msg : "Zlib error");
    }
  }

  Problem Failure(const char* text) const {
    Problem problem;
    problem.kind = ProblemKind::kUnpack;
    problem.file = file_->number();
    problem.text = text;
    return problem;
  }

  std::unique_ptr<File> file_;
  const Zlib& zlib_;
  ZStream stream_;
  std::vector<char> packed_;
  int64_t position_ = 0;
  bool member_over_ = false;
  bool done_ = false;
};

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::unique_ptr<ByteSource> OpenByteSource(const std::string& path, int number) {
  auto file = std::make_unique<File>(path, number);
  char magic[2];
  const size_t count = file->ReadAt(magic, 2, 0);
  // No UTF-8 text begins like this: 0x8b is a continuation byte.
  if (count == 2 && magic[0] == '\x1f' && magic[1] == '\x8b') return std::make_unique<GzipSource>(std::move(file));
  if (EndsWith(path, ".gz") && count > 0) {
    Problem problem;
    problem.kind = ProblemKind::kNotGzip;
    problem.file = number;
    throw problem;
  }
  return std::make_unique<PlainSource>(std::move(file));
}

}  // namespace easyrec::reader
