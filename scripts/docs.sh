#!/usr/bin/env bash
# The documentation as a site:
#
#   scripts/docs.sh build    # into target/docs-site
#   scripts/docs.sh serve    # at http://127.0.0.1:8000, rebuilt when a file changes
#   scripts/docs.sh check    # every relative link and anchor of the Markdown files; needs Python only
#
# The generator, Zensical, is installed from PyPI into .venv in the project, at the versions and hashes of
# scripts/docs/requirements.txt. After that no command needs the network, and neither does the site.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly REQUIREMENTS=scripts/docs/requirements.txt

# The folder is named after the hash of the requirements, so that a change of them causes a new installation.
tools() {
  local folder
  folder=.venv/docs-$(sha256sum "$REQUIREMENTS" | cut -c 1-12)
  # Marked as complete only at the end: an interrupted installation is repeated.
  if [ ! -f "$folder/complete" ]; then
    echo "installing $REQUIREMENTS into $folder" >&2
    python3 -m venv --clear "$folder"
    "$folder/bin/python" -m pip --quiet --disable-pip-version-check install --require-hashes -r "$REQUIREMENTS" >&2
    touch "$folder/complete"
  fi
  echo "$PWD/$folder/bin"
}

case "${1:-}" in
  check) exec python3 scripts/docs/site.py check ;;
  build | serve)
    PATH="$(tools):$PATH"
    exec python3 scripts/docs/site.py "$1"
    ;;
  *)
    echo "usage: $0 build|serve|check" >&2
    exit 2
    ;;
esac
