// Errors: thrown inside a kernel, handed to TensorFlow as a TF_Status at its edge (see kernel.h).
#ifndef EASYREC_STATUS_H_
#define EASYREC_STATUS_H_

#include <memory>
#include <stdexcept>
#include <string>

#include "tensorflow/c/tf_status.h"

namespace easyrec {

/** What a kernel or a shape function throws to fail its op; the message goes to the user as it is. */
class Error : public std::runtime_error {
 public:
  Error(TF_Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  TF_Code code() const { return code_; }

 private:
  TF_Code code_;
};

inline Error InvalidArgument(const std::string& message) { return Error(TF_INVALID_ARGUMENT, message); }

/** Owns the TF_Status that a C API call reports into. */
class Status {
 public:
  Status() : status_(TF_NewStatus()) {}

  /** For the last parameter of a C API call; call Check() afterwards. */
  TF_Status* get() const { return status_.get(); }

  /** Throws what the call reported, if that was an error. */
  void Check() const {
    const TF_Code code = TF_GetCode(get());
    if (code != TF_OK) throw Error(code, TF_Message(get()));
  }

 private:
  struct Delete {
    void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
  };
  std::unique_ptr<TF_Status, Delete> status_;
};

/** Runs `body` and turns whatever it throws into `status`: an exception must not leave a C callback. */
template <typename Body>
void CatchInto(TF_Status* status, Body&& body) noexcept {
  try {
    body();
  } catch (const Error& error) {
    TF_SetStatus(status, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& error) {
    TF_SetStatus(status, TF_INTERNAL, error.what());
  } catch (...) {
    TF_SetStatus(status, TF_INTERNAL, "unknown C++ exception");
  }
}

}  // namespace easyrec

#endif  // EASYREC_STATUS_H_
