// The door to exponential smoothing: see `Smoothing` in kernels.h.
#pragma once
#include <nanobind/nanobind.h>

#include "kernels.h"

namespace elman {

// Adds `smooth` to the module; `kernels` chooses those of the processor.
void bind_smoothing(nanobind::module_& m, const Kernels<double>& (*kernels)());

}  // namespace elman
