// The door to products alone: what a run spends most of its time in, for measurements and tests.
#pragma once
#include <nanobind/nanobind.h>

#include "kernels.h"

namespace elman {

// Adds `Weights32` and `matrix_gradient` to the module; `kernels` chooses those of the processor.
void bind_products(nanobind::module_& m, const Kernels<float>& (*kernels)(bool bfloat16));

}  // namespace elman
