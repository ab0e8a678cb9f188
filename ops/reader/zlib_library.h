// zlib as it is in this process: Node exports the one it was built with, or depends on libz.so.1. Nothing of zlib's is
// needed to build, and no second copy is linked.
#ifndef EASYREC_READER_ZLIB_LIBRARY_H_
#define EASYREC_READER_ZLIB_LIBRARY_H_

#include <dlfcn.h>

#include <cstdint>

namespace easyrec::reader {

/** z_stream of zlib.h; its layout is the same in every zlib 1.x. */
struct ZStream {
  const uint8_t* next_in = nullptr;
  unsigned avail_in = 0;
  unsigned long total_in = 0;
  uint8_t* next_out = nullptr;
  unsigned avail_out = 0;
  unsigned long total_out = 0;
  const char* msg = nullptr;
  void* state = nullptr;
  void* zalloc = nullptr;
  void* zfree = nullptr;
  void* opaque = nullptr;
  int data_type = 0;
  unsigned long adler = 0;
  unsigned long reserved = 0;
};

class Zlib {
 public:
  static constexpr int kOk = 0;
  static constexpr int kStreamEnd = 1;
  static constexpr int kNeedDictionary = 2;
  static constexpr int kBufferError = -5;

  /** Null where the process has no zlib. */
  static const Zlib* Find() {
    static const Zlib zlib;
    return zlib.inflate_ == nullptr ? nullptr : &zlib;
  }

  /** For gzip with the largest window. */
  int Init(ZStream& stream) const { return init_(&stream, 16 + 15, "1.2.11", sizeof(ZStream)); }
  int Inflate(ZStream& stream) const { return inflate_(&stream, /*flush=*/0); }
  int Reset(ZStream& stream) const { return reset_(&stream); }
  int End(ZStream& stream) const { return end_(&stream); }

 private:
  Zlib() {
    void* library = RTLD_DEFAULT;
    if (dlsym(library, "inflate") == nullptr) {
      library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
      if (library == nullptr) return;
    }
    Set(init_, dlsym(library, "inflateInit2_"));
    Set(reset_, dlsym(library, "inflateReset"));
    Set(end_, dlsym(library, "inflateEnd"));
    if (init_ != nullptr && reset_ != nullptr && end_ != nullptr) Set(inflate_, dlsym(library, "inflate"));
  }

  template <typename Function>
  static void Set(Function*& function, void* symbol) {
    function = reinterpret_cast<Function*>(symbol);
  }

  int (*init_)(ZStream*, int window_bits, const char* version, int stream_size) = nullptr;
  int (*inflate_)(ZStream*, int flush) = nullptr;
  int (*reset_)(ZStream*) = nullptr;
  int (*end_)(ZStream*) = nullptr;
};

}  // namespace easyrec::reader

#endif  // EASYREC_READER_ZLIB_LIBRARY_H_
