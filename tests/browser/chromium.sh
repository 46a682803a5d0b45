#!/usr/bin/env bash
# Prints where a Chromium is: the one that CHROMIUM names, one that is installed, or Debian's, which root may install. Says why, and ends with
# 1, where none can be had.
set -uo pipefail
found() { for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do [ -n "$name" ] && command -v "$name" && return; done; return 1; }
found && exit
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "there is no Chromium: apt-get install chromium, as root, or CHROMIUM=PATH" >&2
  exit 1
fi
install() { DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install --yes --no-install-recommends chromium fonts-dejavu-core >/dev/null 2>&1; }
install || { timeout 120 apt-get update >/dev/null 2>&1 && install; }
found || { echo "Debian's chromium could not be installed" >&2; exit 1; }
