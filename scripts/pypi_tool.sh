#!/usr/bin/env bash
# Prints the folder of the programs of a package from PyPI. Installs the package into .venv in the project first if it is
# missing:
#
#   scripts/pypi_tool.sh checkov==3.3.30
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.venv/${1/==/-}
# Marked as complete only at the end: an interrupted installation is repeated.
if [ ! -f "$folder/complete" ]; then
  echo "installing $1 into $folder" >&2
  python3 -m venv --clear "$folder" >&2
  "$folder/bin/python" -m pip --quiet --disable-pip-version-check install "$1" >&2
  touch "$folder/complete"
fi
echo "$PWD/$folder/bin"
