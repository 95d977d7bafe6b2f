#!/usr/bin/env bash
# Load on the REST API of the released program, data on disk, as a table in Markdown: throughput, percentiles, memory. Fails when a
# request does and when the memory of the warm server grows. Takes eight minutes to warm it, twelve to measure, and the build; wants a
# machine with nothing else to do.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --release -p cordboard
# All of them: one alone would ask for other features of its dependencies.
cargo build --quiet --workspace --examples
target=${CARGO_TARGET_DIR:-target}

printf '%s, %s cores, %s, load average before: %s\n\n' "$(date -u +%F)" "$(nproc)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(cut -d ' ' -f 1 /proc/loadavg)"
CORDBOARD=$target/release/cordboard RUST_LOG=${RUST_LOG:-warn} clients/with_server.py --on-disk "$target/debug/examples/load"
