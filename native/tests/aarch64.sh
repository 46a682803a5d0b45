#!/bin/sh
# Builds the engine for aarch64 with a cross compiler and runs its tests in an emulator, first those of the kernels:
#   native/tests/aarch64.sh [arguments of pytest; by default the native tests of tests/engine]
# Needs Debian's g++-aarch64-linux-gnu and qemu-user-static, and the group `native` in the Python that builds. An
# aarch64 Python and NumPy are fetched once, into build/aarch64: the system's own packages stay as they are.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
build=$root/build/aarch64
system=$build/system # what an aarch64 machine has: Python and the libraries it is linked with
wheels=$build/wheels

for tool in aarch64-linux-gnu-g++ qemu-aarch64-static; do
  command -v $tool >/dev/null || {
    echo "$0: there is no $tool; apt-get install g++-aarch64-linux-gnu qemu-user-static" >&2
    exit 2
  }
done

# An apt of its own, for another architecture, to which nothing is installed yet.
fetch_system() {
  apt=$build/apt
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$system.new"
  : >"$apt/status"
  cat >"$apt/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
CONF
  export APT_CONFIG="$apt/apt.conf"
  apt-get -qq update
  apt-get -qq install --download-only python3-minimal libpython3-stdlib libstdc++6
  for package in "$apt"/archives/*.deb; do dpkg-deb -x "$package" "$system.new"; done
  version=$(readlink "$system.new/usr/bin/python3")
  (cd "$apt/archives" && apt-get -qq download "lib$version-dev" && dpkg-deb -x "lib$version-dev"_*.deb "$system.new")
  # The header that another architecture's compiler would look for elsewhere.
  cp "$system.new/usr/include/aarch64-linux-gnu/$version/pyconfig.h" "$system.new/usr/include/$version/"
  rm -rf "$apt"
  mv "$system.new" "$system"
}

fetch_wheels() {
  "$python" -m pip install --quiet --target "$wheels.new" --only-binary=:all: --implementation cp \
    --python-version "${version#python}" --platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 \
    numpy pytest hypothesis safetensors
  mv "$wheels.new" "$wheels"
}

rm -rf "$system.new" "$wheels.new"
[ -d "$system" ] || fetch_system
version=$(readlink "$system/usr/bin/python3")
[ -d "$wheels" ] || fetch_wheels

export PATH="$(dirname "$python"):$PATH"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DELMAN_TESTS=ON -DCMAKE_SYSTEM_NAME=Linux \
  -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DPython_EXECUTABLE="$python" \
  -DPython_INCLUDE_DIR="$system/usr/include/$version" -DNB_SUFFIX=.so >/dev/null
cmake --build "$build"

# The package as it would be installed, with this module in it.
rm -rf "$build/package"
mkdir -p "$build/package/elman"
ln -s "$root"/src/elman/* "$build/_native.so" "$build/package/elman/"

# An emulator takes tens of times as long as a processor, and most of all for the numbers of more bits that kernels are
# compared with.
qemu-aarch64-static -L "$system" "$build/kernels_test" --one-of 23
cd "$root"
[ $# -gt 0 ] || set -- tests/engine -k "native or not numpy"
export PYTHONPATH="$build/package:$wheels"
exec qemu-aarch64-static -L "$system" "$system/usr/bin/$version" -m pytest -p no:cacheprovider "$@"
