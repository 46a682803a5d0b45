// Calls from Python into the engine: other threads run Python meanwhile, signals are answered, and what is thrown is an
// error of elman/errors.py.
#pragma once
#include <nanobind/nanobind.h>

#include <exception>

#include "denormals.h"
#include "watch.h"

namespace elman {

// As long as this lives, the thread runs no Python. Where it is Python's main thread, the handlers of signals that
// arrive run in between, when the watch asks; what one of them raises ends the call.
class WithoutPython {
 public:
  WithoutPython() : state_(PyEval_SaveThread()) {}
  ~WithoutPython() { back(); }
  WithoutPython(const WithoutPython&) = delete;
  WithoutPython& operator=(const WithoutPython&) = delete;

  static bool goes_on(void* self);
  // The thread runs Python again. Whether a handler has raised: the error is set then.
  bool back();

 private:
  uint64_t mode_ = FlushDenormals::control();  // the caller's
  PyThreadState* state_;                       // null when Python runs
  bool raised_ = false;
};

// Runs f while other threads may run Python.
template <class F>
void without_python(F&& f) {
  WithoutPython away;
  std::exception_ptr error;
  {
    Watch watch(WithoutPython::goes_on, &away);
    try {
      f();
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (away.back()) throw nanobind::python_error();
  if (error) std::rethrow_exception(error);
}

// Raises in Python what was thrown.
void translate(const std::exception_ptr& error, void*);

}  // namespace elman
