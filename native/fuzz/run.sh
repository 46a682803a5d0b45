#!/bin/sh
# Hands plans that are changed at random to the engine, for so many seconds under each sanitizer:
#   native/fuzz/run.sh SECONDS [SEED]
# By GCC, or whatever CXX is, with a loop of its own; then by libFuzzer, where there is a Clang that has it. Needs the
# group `native` in the Python that builds.
set -e
seconds=${1:?"how many seconds?"}
seed=${2:-$(date +%s)}
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
PATH=$(dirname "$python"):$PATH
cd "$root"
flags="-fno-sanitize=null,nonnull-attribute,returns-nonnull-attribute -fdelete-null-pointer-checks"  # see sanitize.sh
flags="$flags -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
"$python" -m tests.engine.plan_files build/plans

build() {  # folder, sanitizers, more of cmake's options
  folder=build/fuzz-$1 kinds=$2
  shift 2
  cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DELMAN_FUZZ=ON -DELMAN_GENERIC=ON -DPython_EXECUTABLE="$python" \
    -DCMAKE_CXX_FLAGS="-fsanitize=$kinds $flags" "$@" >/dev/null
  cmake --build "$folder" --target fuzz_plans
}

export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0:max_allocation_size_mb=4096
export TSAN_OPTIONS=halt_on_error=1
echo "seed $seed"
for kinds in address,undefined thread; do
  build "$kinds" "$kinds"
  setarch -R "build/fuzz-$kinds/fuzz_plans" "$seconds" "$seed" build/plans
done
for clang in clang++-19 clang++-18 clang++-17 clang++-16 clang++; do
  command -v $clang >/dev/null || continue
  echo 'extern "C" int LLVMFuzzerTestOneInput(const char *, unsigned long) { return 0; }' >build/fuzz-probe.cpp
  $clang -fsanitize=fuzzer build/fuzz-probe.cpp -o build/fuzz-probe 2>/dev/null || continue
  build "$clang" address,undefined -DCMAKE_CXX_COMPILER=$clang
  mkdir -p build/plans-found
  setarch -R "build/fuzz-$clang/fuzz_plans" -max_total_time="$seconds" -seed="$seed" -max_len=100000 -timeout=20 \
    -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix=build/ build/plans-found build/plans
  break
done
