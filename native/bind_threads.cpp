#include "bind_threads.h"

#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "plan.h"

namespace elman {
namespace {

// A thread that comes back when Python has ended waits for the end of the process: Python would unwind it, through
// frames that cannot be.
[[noreturn]] void wait_for_the_end() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

void raise(const char* kind, const char* what) {
  PyErr_SetString(nanobind::module_::import_("elman.errors").attr(kind).ptr(), what);
}

// The thread runs Python again.
void take_python(PyThreadState* state) {
#if PY_VERSION_HEX >= 0x030d0000
  if (Py_IsFinalizing()) wait_for_the_end();
#else
  if (_Py_IsFinalizing()) wait_for_the_end();
#endif
  try {
    PyEval_RestoreThread(state);
  } catch (...) {  // it ended meanwhile, and this is how glibc ends a thread
    wait_for_the_end();
  }
}

}  // namespace

bool WithoutPython::goes_on(void* self) {
  WithoutPython& away = *static_cast<WithoutPython*>(self);
  const uint64_t flushing = FlushDenormals::control();
  FlushDenormals::set_control(away.mode_);
  take_python(away.state_);
  away.raised_ = PyErr_CheckSignals() != 0;  // does nothing in threads that are not Python's main one
  away.state_ = PyEval_SaveThread();
  FlushDenormals::set_control(flushing);
  return !away.raised_;
}

bool WithoutPython::back() {
  if (state_) take_python(std::exchange(state_, nullptr));
  return raised_;
}

void translate(const std::exception_ptr& error, void*) {
  try {
    std::rethrow_exception(error);
  } catch (const BadData& e) {
    raise("DataError", e.what());
  } catch (const std::invalid_argument& e) {
    raise("EngineError", e.what());
  } catch (const std::runtime_error& e) {
    raise("EngineError", e.what());
  } catch (const std::bad_alloc& e) {
    raise("EngineError", e.what());
  }
}

}  // namespace elman
