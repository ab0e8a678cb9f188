// TensorFlow hands kernels and tensors from thread to thread in ways that ThreadSanitizer does not see, as TensorFlow is
// not built with it. This tells it that a call which begins after another one has ended comes after that.
#ifndef EASYREC_THREAD_SANITIZER_H_
#define EASYREC_THREAD_SANITIZER_H_

#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace easyrec {

/** Lives as long as a call of TensorFlow into a kernel. */
class KernelCall {
 public:
#if defined(__SANITIZE_THREAD__)
  KernelCall() { __tsan_acquire(Address()); }
  ~KernelCall() { __tsan_release(Address()); }

 private:
  static void* Address() {
    static char address;
    return &address;
  }
#else
  // Not trivial, or compilers would warn of an unused variable.
  KernelCall() {}
#endif
};

}  // namespace easyrec

#endif  // EASYREC_THREAD_SANITIZER_H_
