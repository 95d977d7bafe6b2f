#!/usr/bin/env bash
# Fills an empty folder with a bare root: the files of Debian's packages libc6 and libgcc-s1 as this machine has them, and
# nothing else. Needs Debian or Ubuntu.
#
#   scripts/debian_root.sh FOLDER
set -euo pipefail

readonly root=$1

# /lib is a link to usr/lib on a merged system.
mkdir -p "$root"/{tmp,usr/lib,usr/lib64}
chmod 1777 "$root/tmp"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
dpkg -L libc6 libgcc-s1 | grep -E '^(/usr)?/lib(64)?/' | while read -r path; do
  [ -d "$path" ] && [ ! -L "$path" ] && continue
  mkdir -p "$root$(dirname "$path")"
  cp -a "$path" "$root$path"
done
