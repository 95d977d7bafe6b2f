#!/usr/bin/env bash
# Runs every fuzz target for SECONDS seconds: scripts/fuzz.sh [SECONDS], 20 by default.
# Each run starts from fuzz/corpus, which is read only; an input that causes a failure is written to fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-20}

# An input that takes longer than this is a failure, too.
slowest_seconds=5
# Twice the limit of bodies and documents, so that inputs exceed the limits.
longest_bytes=131072

command -v c++ >/dev/null || { echo "libFuzzer needs a C++ compiler: install g++" >&2; exit 1; }
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

# Without a sanitizer stable Rust is enough: the fuzzed code has no unsafe code of its own, and the failures are panics.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for target in $(cargo fuzz list); do
  printf '==== %s, %s s\n' "$target" "$seconds"
  mkdir -p "$work/$target"
  cargo fuzz run --sanitizer none "$target" "$work/$target" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -timeout="$slowest_seconds" -max_len="$longest_bytes" -rss_limit_mb=1024 \
    -print_final_stats=1 -verbosity=0 >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$work/log"
done
