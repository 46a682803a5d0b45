#!/bin/sh
# Builds with the matrix registers of AMX done in software, and runs the kernels' tests and the engine's with them. The
# processor needs AVX512-BF16 only.
set -e
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
build=$root/build/emulated-amx
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DPython_EXECUTABLE="$python" -DELMAN_TESTS=ON \
  -DELMAN_EMULATE_AMX=ON >/dev/null
cmake --build "$build" --parallel 2
"$build/kernels_test" "$@"
cd "$root"
export ELMAN_ISA=amx
"$python" native/tests/run_with.py "$build" tests/engine tests/test_determinism.py
