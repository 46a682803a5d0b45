// Plans and programs that Python gives as nested tuples, as plain.py writes them.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "plan.h"

namespace nb = nanobind;

namespace elman {

template <class V>
V item(nb::handle tuple, int i) {
  V value;
  if (nb::try_cast<V>(tuple[i], value)) return value;
  throw std::invalid_argument("bad plan: " + std::string(nb::str(tuple[i]).c_str()) + " is too large a number");
}

ProgramSource read_program(nb::handle program);
Plan read_plan(nb::handle plan);

}  // namespace elman
