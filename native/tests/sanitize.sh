#!/bin/sh
# Builds the native module with a sanitizer of GCC and runs the engine's tests under it:
#   native/tests/sanitize.sh address,undefined
#   native/tests/sanitize.sh thread
# With `quick` behind that, the kernels of any processor alone and few tests, with changed plans for some seconds
# (native/fuzz): what CI has time for. Needs the group `native` in the Python that builds.
set -e
kind=${1:?"which: address,undefined or thread"}
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
build=$root/build/sanitize-$kind${2:+-$2}
PATH=$(dirname "$python"):$PATH
generic=OFF
# No checks for null, of which the address sanitizer tells: with them GCC takes no function's address for a constant.
flags="-fno-sanitize=null,nonnull-attribute,returns-nonnull-attribute -fdelete-null-pointer-checks
-fno-sanitize-recover=undefined -fno-omit-frame-pointer"
flags=$(echo $flags)
[ -z "$2" ] || generic=ON
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPython_EXECUTABLE="$python" \
  -DELMAN_GENERIC=$generic -DELMAN_FUZZ=ON \
  -DCMAKE_CXX_FLAGS="-fsanitize=$kind $flags" \
  -DCMAKE_MODULE_LINKER_FLAGS="-fsanitize=$kind" >/dev/null
cmake --build "$build" --target _native fuzz_plans

case $kind in
  thread) libraries=$(g++ -print-file-name=libtsan.so) ;;
  *) libraries="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" ;;
esac
cd "$root"
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:die_after_fork=0:ignore_noninstrumented_modules=1
run() { LD_PRELOAD=$libraries setarch -R "$python" "$@"; }
if [ -n "$2" ]; then
  export ELMAN_DRAWS=30  # percent
  [ "$kind" = thread ] && [ -d build/plans ] || "$python" -m tests.engine.plan_files build/plans  # the other kind made them
  setarch -R "$build/fuzz_plans" 6 1 build/plans
  run native/tests/run_with.py "$build" -s tests/engine/test_threads.py tests/engine/test_broken_plans.py \
    tests/engine/test_indices.py tests/engine/test_truncated.py -k "native or not numpy"
  exit
fi
run native/tests/run_with.py "$build" -s tests/engine/test_native.py \
  tests/engine/test_native_training.py tests/engine/test_low_memory.py tests/engine/test_truncated.py \
  tests/engine/test_bfloat16.py tests/engine/test_threads.py tests/engine/test_indices.py \
  tests/engine/test_whatever_ran_before.py tests/engine/test_graphs.py tests/engine/test_attention.py \
  tests/engine/test_broken_plans.py tests/engine/test_meetings.py tests/equations/test_matrices.py \
  tests/network/test_generate.py tests/network/test_stream.py tests/network/test_stream_run.py tests/network/test_streams.py \
  -k "native or not numpy"
