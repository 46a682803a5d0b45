// Calls from Python into the engine: other threads run Python meanwhile, and what is thrown is an error of
// elman/errors.py.
#pragma once
#include <nanobind/nanobind.h>

#include <exception>

namespace elman {

// The thread runs Python again.
void take_python(PyThreadState* state);

// Runs f while other threads may run Python.
template <class F>
void without_python(F&& f) {
  PyThreadState* state = PyEval_SaveThread();
  std::exception_ptr error;
  try {
    f();
  } catch (...) {
    error = std::current_exception();
  }
  take_python(state);
  if (error) std::rethrow_exception(error);
}

// Raises in Python what was thrown.
void translate(const std::exception_ptr& error, void*);

}  // namespace elman
