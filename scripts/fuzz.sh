#!/usr/bin/env bash
# Runs every fuzz target for SECONDS seconds: scripts/fuzz.sh [SECONDS], 20 unless said otherwise. As many run at once as there are cores.
# fuzz/corpus is where each run begins and is only read; an input that breaks something is kept in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-20}

# An input that takes longer than this is a failure, too.
slowest_seconds=5
# Twice the limit of bodies and documents, so that inputs exceed the limits.
longest_bytes=131072

command -v c++ >/dev/null || { echo "libFuzzer needs a C++ compiler: install g++" >&2; exit 1; }

# The compiler's own pass counts for libFuzzer which branches an input takes. Without a sanitizer, stable Rust will do: what is
# fuzzed has no unsafe code of its own, and panics are what is looked for. These flags are what `cargo fuzz run --sanitizer none`
# sets; setting them here saves installing cargo-fuzz.
flags=(
  --cfg fuzzing
  -Cpasses=sancov-module
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares
  -Cllvm-args=-sanitizer-coverage-stack-depth
  -Cllvm-args=-simplifycfg-branch-fold-threshold=0
  -Ccodegen-units=1
)
target_folder=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
machine=$(rustc -vV | sed -n 's/^host: //p')
# With a machine named, the flags are for the targets alone and not for build scripts.
RUSTFLAGS="${flags[*]}" cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target-dir "$target_folder" --target "$machine"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Fuzzes one target; what it says is shown when it ends.
run() {
  local target=$1
  mkdir -p "$work/$target" "fuzz/artifacts/$target"
  if ! "$target_folder/$machine/release/$target" "-artifact_prefix=fuzz/artifacts/$target/" \
    -max_total_time="$seconds" -timeout="$slowest_seconds" -max_len="$longest_bytes" -rss_limit_mb=1024 \
    -print_final_stats=1 -verbosity=0 "$work/$target" "fuzz/corpus/$target" >"$work/$target.log" 2>&1; then
    printf '==== %s\n%s\n' "$target" "$(cat "$work/$target.log")" >&2
    return 1
  fi
  printf '==== %s, %s s\n%s\n' "$target" "$seconds" "$(grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$work/$target.log")"
}

export -f run
export work seconds slowest_seconds longest_bytes target_folder machine
# xargs fails when one of them does.
sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | tail -n +2 | xargs -P "$(nproc)" -I{} bash -c 'run {}'
