// Faulty: y = kFactor * x, unless the first element asks for something worse.
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>

#include "easyrec/op.h"

namespace {

using easyrec::Construction;
using easyrec::Context;
using easyrec::ShapeContext;
using easyrec::Tensor;

constexpr int32_t kFactor = 2;
constexpr int32_t kCrash = 666;
constexpr int32_t kHang = 777;    // the op alone
constexpr int32_t kFreeze = 888;  // the process's first thread
constexpr int32_t kPrint = 555;
constexpr int32_t kSleep = 444;  // 400 ms

void Sleep(int64_t milliseconds) {
  const timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
  nanosleep(&time, nullptr);
}

void SleepForever(int) {
  for (;;) Sleep(1000);
}

void FreezeFirstThread() {
  signal(SIGUSR2, SleepForever);
  syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
}

class Faulty {
 public:
  explicit Faulty(const Construction&) {}

  void Compute(const Context& context) const {
    const Tensor input = context.Input(0);
    const Tensor output = context.Output<int32_t>(0, input.shape());
    const int32_t* from = input.data<int32_t>();
    int32_t* to = output.data<int32_t>();
    const int32_t first = output.size() > 0 ? from[0] : 0;
    if (first == kCrash) *static_cast<volatile int*>(nullptr) = 1;
    while (first == kHang) Sleep(1000);
    if (first == kFreeze) FreezeFirstThread();
    if (first == kSleep) Sleep(400);
    if (first == kPrint) {
      fprintf(stderr, "faulty op: complaint\n");
      fflush(stderr);
    }
    for (int64_t i = 0; i < output.size(); i++) to[i] = kFactor * from[i];
  }
};

void InferShape(const ShapeContext& context) { context.SetOutput(0, context.Input(0)); }

[[maybe_unused]] const bool registered = [] {
  if (getenv("FAULTY_LIBRARY_CRASHES") != nullptr) abort();
  easyrec::OpDefinition("Faulty").Input("x: int32").Output("y: int32").ShapeFunction<InferShape>().Register();
  easyrec::RegisterKernel<Faulty>("Faulty");
  return true;
}();

}  // namespace
