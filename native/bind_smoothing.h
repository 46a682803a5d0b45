// The door to exponential smoothing and the theta method: see `Smoothing` and `Theta` in kernels.h.
#pragma once
#include <nanobind/nanobind.h>

#include "kernels.h"

namespace elman {

// Adds `smooth` and `theta` to the module; `kernels` chooses those of the processor.
void bind_smoothing(nanobind::module_& m, const Kernels<double>& (*kernels)());

}  // namespace elman
