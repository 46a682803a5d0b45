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
  nb::object given = tuple[i];  // here, as try_cast lets nothing through that is thrown where there is no such item
  if (nb::try_cast<V>(given, value)) return value;
  PyErr_Clear();  // Python's own word on it, with which nothing else can be asked
  throw std::invalid_argument("bad plan: " + std::string(nb::repr(given).c_str()) + " is too large a number");
}

ProgramSource read_program(nb::handle program);
Plan read_plan(nb::handle plan);

}  // namespace elman
